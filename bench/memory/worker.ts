import { setTimeout as wait } from 'node:timers/promises';
import { collectAllGarbage } from '../garbage.ts';
import { login, newCopy, tokenOf } from '../requests.ts';
import { DatabaseSubject } from '../stores/onehost.ts';
import { PEERS } from '../stores/peers.ts';
import type { SessionStore } from '../stores/store.ts';
import { type MemoryOrder, type MemoryReport, NEAR_CACHE } from './order.ts';

const SETTLED_MILLISECONDS = 200;

const order = JSON.parse(process.argv[2] as string) as MemoryOrder;
const method = order.name === NEAR_CACHE ? 'get' : 'set';

// One that stays: what is made once, however many there are, counts for nothing; nor does what is left over from the start of the process.
const usual = await filled();
await wait(SETTLED_MILLISECONDS);
const before = bytesHeld();
const store = await filled();
const report: MemoryReport = { bytes: bytesHeld() - before };
await store.close();
await usual.close();
process.send?.(report, () => process.disconnect());

async function filled(): Promise<SessionStore> {
  const store = await opened();
  for (let n = 0; n < order.sessions; n++) {
    const request = { ...login(n), token: newCopy(tokenOf(n)) };
    if (!(await store[method](request))) {
      throw new Error(`Session ${n} did not get into memory, so its size means nothing.`);
    }
  }
  return store;
}

async function opened(): Promise<SessionStore> {
  const { name, file, sessions } = order;
  if (name === NEAR_CACHE) return DatabaseSubject.open(file, { nearCacheEntries: sessions });
  const peer = PEERS.find((each) => each.name === name);
  if (peer === undefined) throw new RangeError(`There is no store "${name}".`);
  return peer.open({ folder: '', durability: 'process-crash', sessions });
}

function bytesHeld(): number {
  collectAllGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
