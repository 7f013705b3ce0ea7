import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { openDatabaseIn } from '../../../src/backends/sqlite/open-database.ts';
import { machine } from '../../../src/backends/sqlite/surroundings.ts';
import {
  DatabaseJobLedger,
  DatabaseLeaseStore,
  DatabaseSessionCache,
  type Durability,
  type OnehostDatabase,
} from '../../../src/index.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { randomNumbers } from '../../support/random-numbers.ts';
import { withConnection } from '../../support/sqlite-file.ts';
import { lacksStrace } from '../../support/strace.ts';
import { TemporaryFolder } from '../../support/temporary-folder.ts';
import { type DiskEvent, record } from './disk-events.ts';
import { JOB, LEASE, Promises, type StoredSession } from './promised.ts';
import { SimulatedDisk, type Survival } from './simulated-disk.ts';

const SEED = Number(process.env['ONEHOST_POWER_CUT_SEED'] ?? Date.now() % 1e9);
/** ONEHOST_POWER_CUTS=3000 is the long form. */
const CUTS = Number(process.env['ONEHOST_POWER_CUTS'] ?? 150);
const OPERATIONS = Math.max(100, CUTS / 10);
const TIMEOUT_MILLISECONDS = 60_000 + 200 * CUTS;

/** What was lost that must not be, with where the power was cut. */
interface Losses {
  readonly revocations: string[];
  readonly fencingTokens: string[];
  readonly ticks: string[];
}

async function recordProgram(
  folder: TemporaryFolder,
  durability: Durability,
  ...words: 'by-another'[]
): Promise<DiskEvent[]> {
  mkdirSync(folder.file('recorded'));
  const program = fileURLToPath(new URL('./program.ts', import.meta.url));
  return record(folder.file('recorded'), folder.file('trace'), [
    '--import',
    'tsx',
    program,
    folder.file('recorded/a.db'),
    durability,
    `${SEED}`,
    `${OPERATIONS}`,
    ...words,
  ]);
}

/** Cuts the power at many points of the record, in different ways, opens what is left, and compares it with what had returned. */
async function lossesOf(events: readonly DiskEvent[]): Promise<Losses> {
  const random = randomNumbers(SEED);
  const losses: Losses = { revocations: [], fencingTokens: [], ticks: [] };
  const disk = new SimulatedDisk();
  const promises = new Promises();
  const survivals: readonly Survival[] = ['nothing', 'everything', random];
  for (const [index, event] of events.entries()) {
    disk.apply(event);
    promises.heard(event);
    if (random() >= CUTS / events.length) continue;
    const survival = survivals[Math.floor(random() * survivals.length)] as Survival;
    using folder = TemporaryFolder.inMemory();
    disk.cutPower(folder.path, survival);
    const how = `${typeof survival === 'string' ? survival : 'something'} of what was not synced, after event ${index}`;
    await compare(folder.file('a.db'), promises, losses, how);
  }
  return losses;
}

async function compare(file: string, promises: Promises, losses: Losses, how: string) {
  // The clock of a machine that lost it with the power: everything is live, and no fencing token comes out of it.
  const clock = new ManualClock(1000);
  const nextBoot = { ...machine, bootId: () => 'next boot' };
  await using database = await openDatabaseIn(nextBoot, file, { clock });
  const sessions = new DatabaseSessionCache<StoredSession>(database);
  for (const token of promises.revoked) {
    const session = sessions.get(token);
    if (session !== null) losses.revocations.push(`${token} is back: ${how}`);
  }
  for (let userId = 0; userId < 5; userId++) {
    for (const { session } of sessions.listByUser(userId)) {
      expect(sessions.get(session.token), how).toEqual(session);
    }
  }
  const lease = takeAnyhow(database);
  if (lease.fencingToken <= promises.fencingToken) {
    losses.fencingTokens.push(`${lease.fencingToken} after ${promises.fencingToken}: ${how}`);
  }
  const ledger = new DatabaseJobLedger(database);
  ledger.register(lease, { name: JOB, schedule: 'hourly', startAt: new Date(0) });
  for (const tick of promises.begunTicks) {
    if (ledger.begin(lease, JOB, new Date(tick))) losses.ticks.push(`${tick}: ${how}`);
  }
  withConnection(file, (connection) => {
    expect(connection.pragma('integrity_check', { simple: true }), how).toBe('ok');
  });
}

/** A new term, whoever held the last one: that is up to others, and what counts here is its token. */
function takeAnyhow(database: OnehostDatabase) {
  const leases = new DatabaseLeaseStore(database);
  const [term] = leases.list();
  const lease =
    term?.holder == null
      ? leases.tryAcquire(LEASE)
      : leases.steal({ ...term, holder: term.holder });
  if (lease === null) throw new Error('Nobody else was there to take it.');
  return lease;
}

describe.skipIf(lacksStrace)(
  `a power cut at any moment (ONEHOST_POWER_CUT_SEED=${SEED}), after which the disk has no more than was synced, or parts of the rest`,
  { timeout: TIMEOUT_MILLISECONDS },
  () => {
    test('undoes no revocation that had returned, no fencing token and no tick, and leaves the file sound', async () => {
      using folder = TemporaryFolder.inMemory();
      const events = await recordProgram(folder, 'power-loss');
      expect(await lossesOf(events)).toEqual({ revocations: [], fencingTokens: [], ticks: [] });
    });

    test('undoes nothing of that either where another process had made the file, and still has it open', async () => {
      using folder = TemporaryFolder.inMemory();
      const events = await recordProgram(folder, 'power-loss', 'by-another');
      expect(await lossesOf(events)).toEqual({ revocations: [], fencingTokens: [], ticks: [] });
    });

    test('undoes revocations if the app has chosen so, and neither fencing tokens nor ticks', async () => {
      using folder = TemporaryFolder.inMemory();
      const events = await recordProgram(folder, 'process-crash');
      const { revocations, fencingTokens, ticks } = await lossesOf(events);
      expect(revocations.length).toBeGreaterThan(0);
      expect({ fencingTokens, ticks }).toEqual({ fencingTokens: [], ticks: [] });
    });
  },
);
