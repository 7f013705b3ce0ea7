// Makes a database and writes to it in a way that its seed decides, and says after each write that has returned what must hold from
// then on: `program.ts <file> <durability of revocations> <seed> <operations> [by-another]`. With the last word it makes the
// database, opens it again without a write and keeps it open, and another process writes.
import { execFileSync } from 'node:child_process';
import { writeSync } from 'node:fs';
import {
  DatabaseJobLedger,
  type DatabaseLease,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type Durability,
  openDatabase,
  sessionIdOf,
} from '../../../src/index.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { JOB, LEASE, PROMISED, type Promised, type StoredSession } from './promised.ts';

const [file, durability, seed, operations, byAnother] = process.argv.slice(2) as [
  string,
  Durability,
  string,
  string,
  string?,
];
const random = randomNumbers(Number(seed));
const below = (limit: number) => Math.floor(random() * limit);
if (byAnother !== undefined) (await openDatabase(file)).close();
const database = await openDatabase(file);
if (byAnother !== undefined) {
  const [program = '', ...args] = process.argv.slice(1, -1);
  execFileSync(process.execPath, ['--import', 'tsx', program, ...args], { stdio: 'inherit' });
  process.exit();
}
const sessions = new DatabaseSessionCache<StoredSession>(database, {
  revocationDurability: durability,
});
const leases = new DatabaseLeaseStore(database);
const ledger = new DatabaseJobLedger(database);
const promise = (promised: Promised) => writeSync(1, `${PROMISED}${JSON.stringify(promised)}\n`);

/** User by token. */
const live = new Map<string, number>();
let tokens = 0;
let ticks = 0;
let lease: DatabaseLease = await leases.acquire(LEASE);
promise({ fencingToken: lease.fencingToken });
ledger.register(lease, { name: JOB, schedule: 'hourly', startAt: new Date(0) });

function revoke(revoked: readonly string[]): void {
  for (const token of revoked) live.delete(token);
  promise({ revoked });
}

function set(ttlSeconds: number): string {
  const token = `token ${++tokens}`;
  const userId = below(5);
  // Mostly one page, sometimes many.
  const text = 'x'.repeat(below(random() < 0.1 ? 20_000 : 500));
  sessions.set(token, { userId, token, text }, ttlSeconds);
  if (ttlSeconds > 1) live.set(token, userId);
  return token;
}

const writes: [weight: number, () => void | Promise<void>][] = [
  [40, () => void set(3600)],
  [5, () => void set(0.001)],
  [
    15,
    () => {
      const [token] = [...live.keys()].slice(below(live.size));
      if (token === undefined) return;
      sessions.invalidate(token);
      revoke([token]);
    },
  ],
  [
    5,
    () => {
      const [token] = [...live.keys()].slice(below(live.size));
      if (token === undefined) return;
      sessions.invalidateById(live.get(token) as number, sessionIdOf(token));
      revoke([token]);
    },
  ],
  [
    8,
    () => {
      const user = below(5);
      sessions.invalidateByUser(user);
      revoke([...live].filter(([, userId]) => userId === user).map(([token]) => token));
    },
  ],
  [
    1,
    () => {
      sessions.clear();
      revoke([...live.keys()]);
    },
  ],
  [
    4,
    async () => {
      await sessions.purgeExpired();
    },
  ],
  [
    6,
    async () => {
      lease.release();
      lease = await leases.acquire(LEASE);
      promise({ fencingToken: lease.fencingToken });
    },
  ],
  [4, () => lease.renew()],
  [
    8,
    () => {
      const tick = ++ticks * 1000;
      if (ledger.begin(lease, JOB, new Date(tick))) promise({ begunTick: tick });
    },
  ],
  [
    4,
    () => {
      // What happens by itself is put off for longer than this program runs.
      database.connection.pragma(`wal_checkpoint(${random() < 0.5 ? 'passive' : 'restart'})`);
    },
  ],
];

for (let count = 0; count < Number(operations); count++) {
  let choice = random() * writes.reduce((sum, [weight]) => sum + weight, 0);
  const chosen = writes.find(([weight]) => {
    choice -= weight;
    return choice < 0;
  });
  await chosen?.[1]();
}
database.close();
