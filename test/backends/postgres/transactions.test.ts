import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { sql, type Transaction } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type OnehostPostgres,
  openPostgres,
  PostgresJobLedger,
  type PostgresLease,
  PostgresLeaseStore,
} from '../../../src/postgres.ts';
import { ManualClock } from '../../../src/testing/index.ts';
import { eventually } from '../../support/eventually.ts';
import { lacksPostgres, PostgresServer, signal } from '../../support/postgres-server.ts';
import { OpenTransaction, severalWait, someoneWaits } from './open-transaction.ts';

interface AppTables {
  readonly report: { readonly day: string };
}

const write = (transaction: Transaction<AppTables>, day = 'monday') =>
  transaction.insertInto('report').values({ day }).execute();

const withCode = (code: string) => expect.objectContaining({ code });

describe.skipIf(lacksPostgres)('a transaction under a lease in PostgreSQL', () => {
  let server: PostgresServer;
  let admin: pg.Pool;
  let ours: OnehostPostgres;
  let leases: PostgresLeaseStore<AppTables>;
  let theirs: PostgresLeaseStore<AppTables>;
  let schema: string;
  let schemas = 0;

  beforeAll(async () => {
    server = await PostgresServer.start();
    admin = server.pool({ max: 5 });
    await admin.query('create table report (day text primary key)');
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    schema = `transactions_${++schemas}`;
    await admin.query('truncate report');
    ours = await openPostgres(server.pool({ application_name: 'ours' }), { schema, listen: false });
    leases = new PostgresLeaseStore<AppTables>(ours, { timeoutSeconds: 20 });
    const other = await openPostgres(server.pool(), { schema, listen: false });
    theirs = new PostgresLeaseStore<AppTables>(other, { timeoutSeconds: 20 });
    return async () => {
      await leases.close();
      await theirs.close();
    };
  });

  async function reports(): Promise<number> {
    return (await admin.query('select count(*)::int as n from report')).rows[0].n;
  }

  /** By a clock that stands still: no deadline comes, and no term ends, until it is told to go on. */
  async function openStill(clock = new ManualClock(), pool = server.pool()) {
    return openPostgres(pool, { schema, clock, listen: false });
  }

  const takeOver = () =>
    `update ${schema}.leases set fencing_token = fencing_token + 1, holder = 'somebody'`;

  test('gives its work what the app has told pg about its columns', async () => {
    const lease = await leases.acquire('lease');
    const count = await lease.transaction(async (transaction) => {
      await write(transaction);
      const { rows } = await sql<{ n: string }>`select count(*) as n from report`.execute(
        transaction,
      );
      return rows[0]?.n;
    });
    expect(count).toBe('1');
    expect(await reports()).toBe(1);
  });

  test('refuses a holder that was robbed while it worked, and undoes what it wrote', async () => {
    // There is a limit to how long it asks by whom, too.
    const lease = await new PostgresLeaseStore<AppTables>(await openStill()).acquire('lease');
    const refused = lease.transaction(async (transaction) => {
      await write(transaction);
      expect(await theirs.steal(lease)).not.toBeNull();
    });
    await expect(refused).rejects.toThrow(withCode('ONEHOST_LEASE_LOST'));
    await expect(refused).rejects.toThrow(/was stolen by process/);
    expect(lease.isHeld()).toBe(false);
    expect(await reports()).toBe(0);
  });

  test('does not begin the work of one that was robbed before', async () => {
    const lease = await leases.acquire('lease');
    await theirs.steal(lease);
    let hasBegun = false;
    const refused = lease.transaction(() => {
      hasBegun = true;
    });
    await expect(refused).rejects.toThrow(withCode('ONEHOST_LEASE_LOST'));
    expect(hasBegun).toBe(false);
  });

  test.each([
    { when: 'before they began', isEarly: true },
    { when: 'while they worked', isEarly: false },
  ])(
    'as many as the pool has connections, whose holder was robbed $when, are all told by whom',
    async ({ isEarly }) => {
      const pool = server.pool({ max: 2 });
      const few = new PostgresLeaseStore(await openStill(new ManualClock(), pool));
      const lease = await few.acquire('lease');
      let robbed = isEarly ? theirs.steal(lease) : null;
      await robbed;
      let working = 0;
      const refused = [1, 2].map(() =>
        lease.transaction(async () => {
          working++;
          while (working < 2) await wait(1);
          robbed ??= theirs.steal(lease);
          await robbed;
        }),
      );
      for (const result of await Promise.allSettled(refused)) {
        const { reason } = result as PromiseRejectedResult;
        expect(reason).toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
        // Who it was is asked on a connection, and would not be known if there were none.
        expect(reason.message).toMatch(/was stolen by process/);
      }
      await few.close();
    },
  );

  test('waits at its commit for a takeover under way, and is refused once that is committed', async () => {
    const lease = await leases.acquire('lease');
    using taking = await OpenTransaction.of(admin, 'select 1');
    const refused = lease.transaction(async (transaction) => {
      await write(transaction);
      await taking.go(takeOver());
    });
    refused.catch(() => {});
    await someoneWaits(admin);
    await taking.end('commit');
    await expect(refused).rejects.toThrow(withCode('ONEHOST_LEASE_LOST'));
    expect(await reports()).toBe(0);
  });

  test('keeps a takeover waiting for its commit, but no renewal', async () => {
    const lease = await leases.acquire('lease');
    const { rows } = await admin.query(`select name, holder, fencing_token from ${schema}.leases`);
    const { name, holder, fencing_token } = rows[0];
    using committing = await OpenTransaction.of(
      admin,
      `select ${schema}.assert_term('${name}', '${holder}', ${fencing_token})`,
    );
    await lease.renew();
    let isTaken = false;
    const taking = admin.query(takeOver()).then(() => {
      isTaken = true;
    });
    await wait(100);
    expect(isTaken).toBe(false);
    await committing.end('commit');
    await taking;
  });

  test('keeps nobody from taking over while it works', async () => {
    const lease = await leases.acquire('lease');
    await expect(
      lease.transaction(async (transaction) => {
        await write(transaction);
        await lease.renew();
        await theirs.steal(lease);
      }),
    ).rejects.toThrow(withCode('ONEHOST_LEASE_LOST'));
  });

  test('is ended when the term ends during its work, and lets go of the rows that it wrote', async () => {
    const clock = new ManualClock();
    const store = new PostgresLeaseStore<AppTables>(await openStill(clock));
    const lease = await store.acquire('lease');
    let hasWritten = () => {};
    const written = new Promise<void>((resolve) => {
      hasWritten = resolve;
    });
    let goOn = () => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const lost = lease.transaction(async (transaction) => {
      await write(transaction);
      hasWritten();
      await held;
      await write(transaction, 'tuesday');
    });
    lost.catch(() => {});
    await written;
    clock.stall(60);
    expect(lease.isHeld()).toBe(false);
    // The same key: it waits for as long as the row is locked.
    await admin.query("insert into report values ('monday')");
    goOn();
    await expect(lost).rejects.toThrow(withCode('ONEHOST_LEASE_LOST'));
    expect(await reports()).toBe(1);
  });

  test('is ended by the server when its process does not go on with it', async () => {
    const store = new PostgresLeaseStore<AppTables>(await openStill());
    const lease = await store.acquire('lease', { durationSeconds: 4 });
    const idle = lease.transaction(async (transaction) => {
      await write(transaction);
      await wait(4000);
      await write(transaction, 'tuesday');
    });
    await expect(idle).rejects.toThrow(withCode('ONEHOST_INVALID_TRANSACTION'));
    await expect(idle).rejects.toThrow(/more than 2 s/);
    expect(await reports()).toBe(0);
    expect(lease.isHeld()).toBe(true);
  });

  const endings: [string, (transaction: Transaction<AppTables>) => Promise<unknown>][] = [
    ['commits', (transaction) => sql`commit`.execute(transaction)],
    ['rolls back', (transaction) => sql`rollback`.execute(transaction)],
    [
      'begins another one in its place',
      async (transaction) => {
        await sql`commit`.execute(transaction);
        await sql`begin`.execute(transaction);
      },
    ],
    [
      'goes on after a statement has failed',
      async (transaction) => {
        await sql`select nonsense`.execute(transaction).catch(() => {});
      },
    ],
  ];

  test.each(endings)('does not pass for committed when its work %s', async (_, end) => {
    const lease = await leases.acquire('lease');
    const refused = lease.transaction(async (transaction) => {
      await end(transaction);
      return 'done';
    });
    await expect(refused).rejects.toThrow(withCode('ONEHOST_INVALID_TRANSACTION'));
    expect(lease.isHeld()).toBe(true);
    await lease.transaction((transaction) => write(transaction));
    expect(await reports()).toBe(1);
  });

  test('throws on what a constraint of the app says, at the commit too', async () => {
    const lease = await leases.acquire('lease');
    await lease.transaction((transaction) => write(transaction));
    await expect(lease.transaction((transaction) => write(transaction))).rejects.toThrow(
      withCode('23505'),
    );
    await admin.query(
      'create table if not exists late (n integer unique deferrable initially deferred)',
    );
    const late = lease.transaction(async (transaction) => {
      await sql`insert into late values (1), (1)`.execute(transaction);
    });
    await expect(late).rejects.toThrow(withCode('23505'));
  });

  test('that a hung server does not commit in time leaves open whether it was done, and hangs nobody', async () => {
    const hasty = new PostgresLeaseStore<AppTables>(ours, { timeoutSeconds: 1 });
    const lease: PostgresLease<AppTables> = await hasty.acquire('hasty', { durationSeconds: 60 });
    let pids: number[] = [];
    let stopped = performance.now();
    const hung = lease.transaction(async (transaction) => {
      await write(transaction);
      pids = await server.backendsOf('ours');
      for (const pid of pids) signal(pid, 'SIGSTOP');
      stopped = performance.now();
    });
    await expect(hung).rejects.toThrow(withCode('ONEHOST_LEASE_STORE_UNAVAILABLE'));
    // A statement of the work would be waited for for half a minute.
    expect(performance.now() - stopped).toBeLessThan(10_000);
    for (const pid of pids) signal(pid, 'SIGCONT');
  });

  test('that cannot begin leaves nothing open on the connection that it gives back', async () => {
    // So that the server gives up before its caller does.
    const pool = server.pool({ application_name: 'patient' });
    const patient = new PostgresLeaseStore<AppTables>(await openStill(new ManualClock(), pool));
    const lease = await patient.acquire('lease', { durationSeconds: 3 });
    using locking = await OpenTransaction.of(
      admin,
      `lock table ${schema}.leases in access exclusive mode`,
    );
    await expect(lease.transaction(() => {})).rejects.toThrow(
      withCode('ONEHOST_LEASE_STORE_UNAVAILABLE'),
    );
    await locking.end('rollback');
    const open = "application_name = 'patient' and state like 'idle in transaction%'";
    const { rows } = await admin.query(`select state from pg_stat_activity where ${open}`);
    expect(rows).toEqual([]);
    await patient.close();
  });

  test('may be under a lease of a year', async () => {
    const lease = await leases.acquire('lease', { durationSeconds: 365 * 24 * 60 * 60 });
    await lease.transaction((transaction) => write(transaction));
    expect(await reports()).toBe(1);
  });

  test.each<[string, () => Promise<void>]>([
    ['returned', () => Promise.resolve()],
    ['thrown', () => Promise.reject(new Error('of the work'))],
  ])('takes no statement once its work has %s', async (_, end) => {
    const lease = await leases.acquire('lease');
    let late: Promise<unknown> = Promise.resolve();
    await lease
      .transaction(async (transaction) => {
        await write(transaction);
        late = nextTurn().then(() => write(transaction, 'tuesday'));
        late.catch(() => {});
        await end();
      })
      .catch(() => {});
    await expect(late).rejects.toThrow(withCode('ONEHOST_INVALID_TRANSACTION'));
    const { rows } = await admin.query("select day from report where day = 'tuesday'");
    expect(rows).toEqual([]);
  });

  test('does not wait much longer for a statement than the server would let it take, when no answer comes', async () => {
    const clock = new ManualClock();
    const hasty = new PostgresLeaseStore<AppTables>(await openStill(clock), {
      timeoutSeconds: 0.3,
    });
    const lease = await hasty.acquire('hasty', { durationSeconds: 30 });
    let pid = 0;
    let isStopped = false;
    const hung = lease.transaction(async (transaction) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(
        transaction,
      );
      pid = rows[0]?.pid ?? 0;
      signal(pid, 'SIGSTOP');
      isStopped = true;
      await write(transaction);
    });
    hung.catch(() => {});
    await eventually(() => expect(isStopped).toBe(true));
    // The server's limit is half of the term, which has not ended by then.
    clock.advance(15 + 0.3);
    await expect(hung).rejects.toThrow(withCode('ONEHOST_LEASE_STORE_UNAVAILABLE'));
    expect(lease.isHeld()).toBe(true);
    signal(pid, 'SIGCONT');
    await hasty.close();
  });

  test('uses names and ids as they are, whatever is in them', async () => {
    const lease = await leases.acquire("'; drop table report; --\\\0ü");
    await lease.transaction((transaction) => write(transaction));
    expect(await reports()).toBe(1);
  });

  test('of the ledger waits for a row no longer than a call may take', async () => {
    const clock = new ManualClock();
    const postgres = await openStill(clock);
    const hasty = new PostgresLeaseStore<AppTables>(postgres, { timeoutSeconds: 0.3 });
    const ledger = new PostgresJobLedger<AppTables>(postgres);
    const lease = await hasty.acquire('hasty');
    await ledger.register(lease, { name: 'job', schedule: 'each second', startAt: new Date(0) });
    using _handling = await OpenTransaction.of(
      admin,
      `update ${schema}.jobs set handled_until = 0`,
    );
    const beginning = ledger.begin(lease, 'job', new Date(1));
    beginning.catch(() => {});
    await someoneWaits(admin);
    clock.advance(0.3);
    await expect(beginning).rejects.toThrow(withCode('ONEHOST_LEASE_STORE_UNAVAILABLE'));
    // And not when the server had enough of it, which is later.
    await expect(beginning).rejects.toThrow(/within 0.3 s/);
    await hasty.close();
  });

  test('of the ledger that ends a run, and one that records ticks of the same job, do not wait for each other', async () => {
    // That they do would be found out, and mended, a second later.
    const patient = server.pool({ options: '-c deadlock_timeout=20s' });
    const postgres = await openPostgres(patient, { schema, listen: false });
    const store = new PostgresLeaseStore<AppTables>(postgres, { timeoutSeconds: 20 });
    const ledger = new PostgresJobLedger<AppTables>(postgres, { keptRuns: 1 });
    const lease = await store.acquire('lease');
    const at = (tick: number) => new Date(Date.UTC(2026, 5, 1) + tick * 1000);
    const run = (tick: number, outcome: 'succeeded') =>
      ledger.finish(lease, {
        job: 'job',
        scheduledFor: at(tick),
        outcome,
        attempts: 1,
        error: null,
      });
    await ledger.register(lease, { name: 'job', schedule: 'each second', startAt: at(0) });
    await ledger.begin(lease, 'job', at(1));
    await run(1, 'succeeded');
    await ledger.begin(lease, 'job', at(2));
    // Both are to delete the oldest run: whoever has come that far waits here.
    using reading = await OpenTransaction.of(
      admin,
      `select from ${schema}.job_runs where scheduled_for = $1 for update`,
      [at(1).getTime()],
    );
    const ending = run(2, 'succeeded');
    await someoneWaits(admin);
    const skipped = {
      job: 'job',
      first: at(3),
      last: at(3),
      ticks: 1,
      outcome: 'skipped',
    } as const;
    const recording = ledger.recordUnrun(lease, skipped);
    await severalWait(admin, 2);
    await reading.end('commit');
    await Promise.all([ending, recording]);
    expect((await ledger.jobs())[0]?.handledUntil).toEqual(at(3));
    await store.close();
  });

  test('of the ledger that the server undoes, since the role waits for no lock, says what happened in an error of onehost', async () => {
    const hasty = server.pool({ lock_timeout: 100 });
    const postgres = await openPostgres(hasty, { schema, listen: false });
    const store = new PostgresLeaseStore<AppTables>(postgres, { timeoutSeconds: 20 });
    const ledger = new PostgresJobLedger<AppTables>(postgres);
    const lease = await store.acquire('hasty');
    await ledger.register(lease, { name: 'job', schedule: 'each second', startAt: new Date(0) });
    using _handling = await OpenTransaction.of(
      admin,
      `update ${schema}.jobs set handled_until = 0`,
    );
    const refused = ledger.begin(lease, 'job', new Date(1));
    await expect(refused).rejects.toThrow(withCode('ONEHOST_LEASE_STORE_UNAVAILABLE'));
    await expect(refused).rejects.toThrow(/55P03/);
    await store.close();
  });

  test('throws on what pg says of a parameter that it cannot send, as it is', async () => {
    const lease = await leases.acquire('lease');
    const refused = lease.transaction((transaction) =>
      sql`select ${{ big: 1n }}::json`.execute(transaction),
    );
    await expect(refused).rejects.toThrow(TypeError);
    await lease.transaction(write);
    expect(await reports()).toBe(1);
  });

  test('of the ledger waits for another one on the same job, and goes on from there', async () => {
    const ledger = new PostgresJobLedger<AppTables>(ours);
    const lease = await leases.acquire('lease');
    const at = (tick: number) => new Date(Date.UTC(2026, 5, 1) + tick * 1000);
    await ledger.register(lease, { name: 'job', schedule: 'each second', startAt: at(0) });
    using handling = await OpenTransaction.of(
      admin,
      `update ${schema}.jobs set handled_until = $1`,
      [at(9).getTime()],
    );
    const begun = ledger.begin(lease, 'job', at(5));
    await someoneWaits(admin);
    await handling.end('commit');
    expect(await begun).toBe(false);
    expect((await ledger.jobs())[0]?.handledUntil).toEqual(at(9));
  });
});
