// One process that contends for a lease, and writes under it for as long as it holds it. Its parent kills, stops and
// wakes it, and tells it what else to do.
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type DatabaseLease,
  DatabaseLeaseStore,
  isOnehostError,
  openDatabase,
  systemClock,
} from '../../src/index.ts';
import type { ContenderOrder, ContenderReport, ContenderRequest } from './contender-messages.ts';
import { Acknowledgements } from './increments.ts';
import { StoppingClock } from './stopping-clock.ts';

process.on('disconnect', () => process.exit());
const [order] = process.argv.slice(2).map((text): ContenderOrder => JSON.parse(text));
if (order === undefined) throw new Error('Started by contenders.ts.');
const { pauseMilliseconds, blockSeconds, durationSeconds } = order;

const clock = new StoppingClock();
clock.onStop = () => report({ type: 'stopping', at: systemClock.monotonic() });
const database = await openDatabase(order.file, { clock });
const acknowledged = new Acknowledgements(order.file);
const leases = new DatabaseLeaseStore(database, { appVersion: '1.0' });
let held: DatabaseLease | null = null;
let stopsBeforeWrite = false;

const answers: Record<ContenderRequest, () => void> = {
  release() {
    const at = systemClock.monotonic();
    held?.release();
    report({ type: 'released', at });
  },
  block() {
    // What a long computation, or a synchronous call, does to a process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockSeconds * 1000);
  },
  'stop-before-write'() {
    stopsBeforeWrite = true;
  },
  usage() {
    const { user, system } = process.cpuUsage();
    const at = systemClock.monotonic();
    report({ type: 'usage', cpuMilliseconds: (user + system) / 1000, at });
  },
};
process.on('message', (request: ContenderRequest) => answers[request]());

report({ type: 'contending' });
for (;;) {
  const lease = await leases.acquire('lease', { durationSeconds });
  const at = systemClock.monotonic();
  held = lease;
  const { fencingToken, reason } = lease;
  report({ type: 'acquired', fencingToken, reason, at, wall: Date.now() });
  if (pauseMilliseconds === null) await once(lease.signal, 'abort');
  else await increment(lease, pauseMilliseconds);
  report({ type: 'contending' });
}

/** Reads in one transaction and writes in the next: only the lease keeps others from coming between. */
async function increment(lease: DatabaseLease, pause: number): Promise<void> {
  while (true) {
    try {
      const last = lease.transaction(
        (connection) =>
          (connection.prepare('select max(n) as n from increments').get() as { n: number | null })
            .n ?? 0,
      );
      await wait(pause);
      if (stopsBeforeWrite) clock.stopAtNextLook();
      stopsBeforeWrite = false;
      const increment = { n: last + 1, token: lease.fencingToken, holder: lease.holder.id };
      lease.transaction((connection) =>
        connection
          .prepare('insert into increments (n, token, holder) values (@n, @token, @holder)')
          .run(increment),
      );
      acknowledged.add(increment);
    } catch (error) {
      if (!isOnehostError(error)) throw error;
      report({
        type: 'refused',
        fencingToken: lease.fencingToken,
        code: error.code,
        message: error.message,
        signalAborted: lease.signal.aborted,
        at: systemClock.monotonic(),
      });
      // As `await using` does at the end of its block: another one's term is not to be ended by that.
      lease.release();
      // After a release, the others have their turn first.
      await wait(300);
      return;
    }
  }
}

function report(what: ContenderReport): void {
  process.send?.(what);
}
