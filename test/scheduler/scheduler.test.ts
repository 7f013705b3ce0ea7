import { spawnSync } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  ClockSetBackError,
  DatabaseJobLedger,
  DatabaseSessionCache,
  type Job,
  type JobContext,
  type JobRun,
  type OnehostEvents,
  purgeSessionsJob,
  RunEndedError,
  Scheduler,
  SchedulerStoppedError,
  type TransactionConnection,
} from '../../src/index.ts';
import { IntervalSchedule } from '../../src/scheduler/interval-schedule.ts';
import { withConnection } from '../support/sqlite-file.ts';
import { ScheduledHost, type TestProcess } from './scheduled-host.ts';

let host: ScheduledHost;
let ours: TestProcess;
let theirs: TestProcess;

beforeEach(async () => {
  host = new ScheduledHost();
  ours = await host.openProcess();
  theirs = await host.openProcess();
});

afterEach(async () => {
  await host[Symbol.asyncDispose]();
});

const START = Date.UTC(2026, 0, 1);

/** The ticks that were run, by seconds since the clock began. */
class Log {
  readonly entries: string[] = [];

  job(who: string, options: Partial<Job<TransactionConnection>> = {}): Job<TransactionConnection> {
    return {
      name: 'job',
      everySeconds: 1,
      run: ({ scheduledFor }: JobContext) => {
        this.entries.push(`${who} ${(scheduledFor.getTime() - START) / 1000}`);
      },
      ...options,
    } as Job<TransactionConnection>;
  }
}

/** `outcome first..last`, in seconds since the clock began, the oldest first. */
function outcomes(of: TestProcess = ours, job = 'job'): string[] {
  return of.ledger
    .runs(job)
    .reverse()
    .map(({ outcome, scheduledFor, lastScheduledFor, ticks }: JobRun) => {
      const [first, last] = [scheduledFor, lastScheduledFor].map((time) => (+time - START) / 1000);
      return ticks === 1 ? `${outcome} ${first}` : `${outcome} ${first}..${last} (${ticks})`;
    });
}

/** A job that runs until it is told to end. */
class LongJob {
  readonly contexts: JobContext<TransactionConnection>[] = [];
  readonly #ends: (() => void)[] = [];

  run = (context: JobContext<TransactionConnection>): Promise<void> => {
    this.contexts.push(context);
    return new Promise((resolve) => this.#ends.push(resolve));
  };

  async endNext(): Promise<void> {
    this.#ends.shift()?.();
    await host.settle();
  }
}

describe('of several processes', () => {
  test('one runs each tick, and the others none', async () => {
    const log = new Log();
    for (const [who, { scheduler }] of Object.entries({ ours, theirs })) {
      scheduler.add(log.job(who)).start();
      await host.settle();
    }
    await host.pass(3.5);
    expect(log.entries).toEqual(['ours 1', 'ours 2', 'ours 3']);
    expect([ours, theirs].map(({ scheduler }) => scheduler.isOwner)).toEqual([true, false]);
    expect(outcomes()).toEqual(['succeeded 1', 'succeeded 2', 'succeeded 3']);
  });

  test('another goes on where the one before has stopped', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.settle();
    theirs.scheduler.add(log.job('theirs')).start();
    await host.pass(2.5);
    await ours.scheduler.stop();
    expect(ours.scheduler.isOwner).toBe(false);
    await host.pass(2);
    expect(log.entries).toEqual(['ours 1', 'ours 2', 'theirs 3', 'theirs 4']);
  });

  test('who has lost the lease runs nothing more, tells its runs, and stands by again', async () => {
    const log = new Log();
    const long = new LongJob();
    ours.scheduler
      .add(log.job('ours'))
      .add({ name: 'long', everySeconds: 1, run: long.run })
      .start();
    await host.pass(1.5);
    const [summary] = theirs.leases.list();
    const stolen = theirs.leases.steal({
      name: 'scheduler',
      holder: ours.leases.instance,
      fencingToken: summary?.fencingToken ?? 0,
    });
    expect(stolen).not.toBeNull();
    await host.pass(6);
    const [context] = long.contexts;
    expect(context?.signal.aborted).toBe(true);
    expect(context?.signal.reason).toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
    await expect(context?.transaction(() => {})).rejects.toMatchObject({
      code: 'ONEHOST_LEASE_LOST',
    });
    expect(ours.scheduler.isOwner).toBe(false);
    const run = log.entries.length;
    stolen?.release();
    await host.pass(2);
    expect(ours.scheduler.isOwner).toBe(true);
    expect(log.entries.length).toBeGreaterThan(run);
  });

  test('a run that has not heard of the loss ends before the job runs again in that process', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    const stolen = theirs.leases.steal({
      name: 'scheduler',
      holder: ours.leases.instance,
      fencingToken: ours.leases.list()[0]?.fencingToken ?? 0,
    });
    await host.pass(6);
    stolen?.release();
    await host.pass(2);
    expect(ours.scheduler.isOwner).toBe(true);
    expect(long.contexts).toHaveLength(1);
    await long.endNext();
    await host.pass(1.5);
    expect(long.contexts).toHaveLength(2);
    expect(outcomes()[0]).toBe('abandoned 1');
  });

  test.each<[string, (context: JobContext<TransactionConnection>) => Promise<unknown>]>([
    ['by the reason of its signal', async ({ signal }) => signal.throwIfAborted()],
    ['by a write that was refused', async ({ transaction }) => transaction(() => {})],
  ])('a run that ends for the loss of its lease, %s, has not failed', async (_, end) => {
    const goOn = new AbortController();
    const run = vi.fn(async (context: JobContext<TransactionConnection>) => {
      await new Promise((resolve) => goOn.signal.addEventListener('abort', resolve));
      await end(context);
    });
    ours.scheduler.add({ name: 'job', everySeconds: 60, run }).start();
    await host.pass(60.2);
    const [summary] = ours.leases.list();
    theirs.leases.steal({ ...summary, holder: ours.leases.instance } as never);
    await host.pass(6);
    goOn.abort();
    await host.settle();
    await expect(run.mock.results[0]?.value).rejects.toMatchObject({ code: 'ONEHOST_LEASE_LOST' });
    expect(ours.errors).toEqual([]);
  });

  test('a mistake of a run is told although its lease was lost', async () => {
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: ({ signal }) =>
          new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(new TypeError('x is undefined')));
          }),
      })
      .start();
    await host.pass(1.2);
    ours.leases.close();
    await host.settle();
    expect(ours.errors).toContainEqual({ job: 'job', error: new TypeError('x is undefined') });
  });

  test('a tick that the one before has begun is not run again, and is recorded as abandoned', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    const log = new Log();
    theirs.scheduler.add(log.job('theirs')).start();
    // As a process does that hangs: its lease ends, and nobody tells it.
    ours.leases.close();
    await host.pass(1);
    expect(log.entries).toEqual(['theirs 2']);
    expect(outcomes()).toEqual(['abandoned 1', 'succeeded 2']);
  });

  test('ticks that fell due while nobody ran jobs are recorded as missed, but for the newest', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(1.5);
    await ours.scheduler.stop();
    host.clock.advance(100);
    theirs.scheduler.add(log.job('theirs')).start();
    await host.pass(1);
    expect(log.entries).toEqual(['ours 1', 'theirs 101', 'theirs 102']);
    expect(outcomes()).toEqual([
      'succeeded 1',
      'missed 2..100 (99)',
      'succeeded 101',
      'succeeded 102',
    ]);
  });

  test('another version with another schedule says so, and begins its own ticks', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(1.5);
    await ours.scheduler.stop();
    const told: OnehostEvents['onehost:job-schedule-replaced'][] = [];
    const listen = (event: unknown) => told.push(event as (typeof told)[number]);
    subscribe('onehost:job-schedule-replaced', listen);
    theirs.scheduler
      .add(log.job('theirs', { everySeconds: 2 } as Partial<Job<TransactionConnection>>))
      .start();
    await host.pass(3);
    unsubscribe('onehost:job-schedule-replaced', listen);
    expect(told).toEqual([{ job: 'job', schedule: 'every 2 s', replacedSchedule: 'every 1 s' }]);
    expect(log.entries).toEqual(['ours 1', 'theirs 2', 'theirs 4']);
  });

  test('another version with another schedule runs what fell due in between', async () => {
    const log = new Log();
    const cron = (text: string) => ({ cron: text, everySeconds: undefined }) as never;
    ours.scheduler.add(log.job('ours', cron('0 3 * * *'))).start();
    await host.pass(1);
    await ours.scheduler.stop();
    host.clock.advance(3 * 3600);
    theirs.scheduler.add(log.job('theirs', cron('0 3 * * 0-6'))).start();
    await host.pass(1);
    expect(log.entries).toEqual([`theirs ${3 * 3600}`]);
  });
});

describe('a run', () => {
  test('is told what it is for', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 60, run: long.run }).start();
    await host.pass(60);
    expect(long.contexts[0]).toMatchObject({
      job: 'job',
      scheduledFor: new Date(Date.UTC(2026, 0, 1, 0, 1)),
      attempt: 1,
      fencingToken: ours.leases.list()[0]?.fencingToken,
    });
  });

  test('writes under the fence, and no more once it has returned', async () => {
    withConnection(host.file, (connection) => connection.exec('create table app (n integer)'));
    let late: JobContext<TransactionConnection> | undefined;
    const write = (context: JobContext<TransactionConnection>) =>
      context.transaction((connection) => connection.prepare('insert into app values (1)').run());
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: async (context) => {
          await write(context);
          late = context;
        },
      })
      .start();
    await host.pass(1);
    const count = () =>
      withConnection(
        host.file,
        (connection) => connection.prepare('select * from app').all().length,
      );
    expect(count()).toBe(1);
    await expect(write(late as JobContext<TransactionConnection>)).rejects.toBeInstanceOf(
      RunEndedError,
    );
    expect(count()).toBe(1);
  });

  test('that throws is recorded with its error and told, and the next tick comes', async () => {
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: () => {
          throw new Error('no mail server');
        },
      })
      .start();
    await host.pass(2);
    expect(outcomes()).toEqual(['failed 1', 'failed 2']);
    expect(ours.ledger.runs('job')[0]).toMatchObject({
      error: 'Error: no mail server',
      attempts: 1,
    });
    expect(ours.errors).toMatchObject([
      { job: 'job', error: { message: 'no mail server' } },
      { job: 'job', error: { message: 'no mail server' } },
    ]);
  });

  test('is tried again after a delay that grows, as often as asked', async () => {
    const attempts: [number, number][] = [];
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 60,
        retry: { attempts: 3, delaySeconds: 2 },
        run: ({ attempt }) => {
          attempts.push([attempt, (host.clock.now() - START) / 1000]);
          throw new Error(`attempt ${attempt}`);
        },
      })
      .start();
    await host.pass(80);
    expect(attempts.map(([attempt, at]) => [attempt, Math.round(at)])).toEqual([
      [1, 60],
      [2, 62],
      [3, 66],
    ]);
    expect(ours.ledger.runs('job')).toMatchObject([
      { outcome: 'failed', attempts: 3, error: 'Error: attempt 3' },
    ]);
    expect(ours.errors).toHaveLength(1);
  });

  test('that succeeds at a later attempt has succeeded', async () => {
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 60,
        retry: { attempts: 3, delaySeconds: 0 },
        run: ({ attempt }) => {
          if (attempt < 3) throw new Error('not yet');
        },
      })
      .start();
    await host.pass(61);
    expect(ours.ledger.runs('job')).toMatchObject([
      { outcome: 'succeeded', attempts: 3, error: null },
    ]);
    expect(ours.errors).toEqual([]);
  });

  test('that is out of time is told, writes no more, and keeps the next from beginning until it ends', async () => {
    const long = new LongJob();
    ours.scheduler
      .add({ name: 'job', everySeconds: 1, timeoutSeconds: 0.5, run: long.run })
      .start();
    await host.pass(1.45);
    const [context] = long.contexts;
    expect(context?.signal.aborted).toBe(false);
    await host.pass(0.1);
    expect(context?.signal.reason).toBeInstanceOf(RunEndedError);
    await expect(context?.transaction(() => {})).rejects.toBeInstanceOf(RunEndedError);
    expect(outcomes()).toEqual(['timed-out 1']);
    await host.pass(1);
    expect(long.contexts).toHaveLength(1);
    await long.endNext();
    await host.pass(1);
    expect(long.contexts).toHaveLength(2);
    expect(outcomes().slice(0, 2)).toEqual(['timed-out 1', 'skipped 2']);
    expect(ours.errors[0]).toMatchObject({ job: 'job', error: { code: 'ONEHOST_RUN_ENDED' } });
  });

  test('that throws something that cannot even be looked at has failed, and the next tick comes', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation((_, error) => {
      if (error === hostile) throw new Error('of its inspection');
    });
    const hostile = new Proxy(new Error(), {
      get: () => raise(new Error('of its properties')),
      getPrototypeOf: () => raise(new Error('of its class')),
    });
    const { scheduler, ledger } = await host.openProcess({ onError: undefined });
    scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        timeoutSeconds: 0.5,
        run: ({ signal }) =>
          new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(hostile));
          }),
      })
      .start();
    await host.pass(2.6);
    expect(ledger.runs('job').map(({ outcome }) => outcome)).toEqual(['timed-out', 'timed-out']);
    const stopped = scheduler.stop();
    await host.pass(0.1);
    await stopped;
    log.mockRestore();
  });

  test('that is out of time is not tried again', async () => {
    const log = new Log();
    const run = vi.fn(
      ({ signal }: JobContext) =>
        new Promise<void>((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    );
    ours.scheduler
      .add(
        log.job('ours', {
          timeoutSeconds: 0.5,
          everySeconds: 60,
          retry: { attempts: 5, delaySeconds: 0 },
          run,
        } as never),
      )
      .start();
    await host.pass(70);
    expect(run).toHaveBeenCalledTimes(1);
    expect(ours.ledger.runs('job')).toMatchObject([{ outcome: 'timed-out', attempts: 1 }]);
  });

  test('begins up to its jitter later, and is no other tick for that', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const begun: number[] = [];
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 60,
        jitterSeconds: 8,
        run: () => begun.push(Math.round((host.clock.now() - START) / 1000)),
      })
      .start();
    await host.pass(70);
    random.mockRestore();
    expect(begun).toEqual([64]);
    expect(outcomes()).toEqual(['succeeded 60']);
  });
});

describe('a tick that is due while the job runs', () => {
  test('is recorded as skipped', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(3.5);
    await long.endNext();
    await host.pass(1);
    expect(outcomes()).toEqual(['succeeded 1', 'skipped 2..3 (2)', 'running 4']);
  });

  test('waits for its run with overlap "queue", up to the limit', async () => {
    const long = new LongJob();
    ours.scheduler
      .add({ name: 'job', everySeconds: 1, overlap: 'queue', backlogLimit: 2, run: long.run })
      .start();
    await host.pass(5.5);
    for (let run = 0; run < 3; run++) await long.endNext();
    expect(outcomes()).toEqual(['succeeded 1', 'succeeded 2', 'succeeded 3', 'skipped 4..5 (2)']);
    await host.pass(1);
    expect(outcomes().at(-1)).toBe('running 6');
  });

  test('is skipped as well while the one before waits for a record of what was missed', async () => {
    ours.scheduler.add(new Log().job('ours')).start();
    await host.pass(1.5);
    await ours.scheduler.stop();
    host.clock.advance(10);
    const record = vi.spyOn(theirs.ledger, 'recordUnrun').mockImplementation(() => {
      throw new Error('the file is busy');
    });
    const log = new Log();
    theirs.scheduler.add(log.job('theirs')).start();
    await host.pass(1.4);
    record.mockRestore();
    await host.pass(2);
    expect(outcomes(theirs).slice(0, 4)).toEqual([
      'succeeded 1',
      'missed 2..10 (9)',
      'succeeded 11',
      'skipped 12..14 (3)',
    ]);
  });

  test('does not keep another job from running', async () => {
    const log = new Log();
    const long = new LongJob();
    ours.scheduler
      .add({ name: 'long', everySeconds: 1, run: long.run })
      .add(log.job('ours'))
      .start();
    await host.pass(2.5);
    expect(log.entries).toEqual(['ours 1', 'ours 2']);
  });
});

describe('ticks that nobody ran in time', () => {
  async function afterAbsence(options: object, absentSeconds: number): Promise<string[]> {
    ours.scheduler.add(new Log().job('ours', options)).start();
    await host.pass(1.5);
    await ours.scheduler.stop();
    host.clock.advance(absentSeconds);
    theirs.scheduler.add(new Log().job('theirs', options)).start();
    await host.pass(0.2);
    return outcomes();
  }

  test('all run with misfire "all", the oldest first', async () => {
    expect(await afterAbsence({ misfire: 'all' }, 4)).toEqual(
      [1, 2, 3, 4, 5].map((tick) => `succeeded ${tick}`),
    );
  });

  test('run up to the limit with misfire "all", and the older ones are missed', async () => {
    expect(await afterAbsence({ misfire: 'all', backlogLimit: 2 }, 5)).toEqual([
      'succeeded 1',
      'missed 2..4 (3)',
      'succeeded 5',
      'succeeded 6',
    ]);
  });

  test('are missed with misfire "skip", but for one within the grace', async () => {
    const options = { misfire: 'skip', everySeconds: 60 };
    ours.scheduler.add(new Log().job('ours', options as never)).start();
    await host.pass(60.1);
    await ours.scheduler.stop();
    host.clock.advance(69.8);
    theirs.scheduler.add(new Log().job('theirs', options as never)).start();
    await host.settle();
    await host.pass(0.05);
    expect(outcomes()).toEqual(['succeeded 60', 'succeeded 120']);
    await theirs.scheduler.stop();
    const third = await host.openProcess();
    host.clock.advance(65);
    third.scheduler.add(new Log().job('third', options as never)).start();
    await host.pass(0.1);
    expect(outcomes()).toEqual(['succeeded 60', 'succeeded 120', 'missed 180']);
  });

  test('are missed when they are older than the grace, whatever the misfire rule', async () => {
    expect(await afterAbsence({ misfire: 'all', graceSeconds: 2 }, 5)).toEqual([
      'succeeded 1',
      'missed 2..4 (3)',
      'succeeded 5',
      'succeeded 6',
    ]);
  });

  test('of a process that was stopped for an hour are not run by it, if it was replaced', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(1.5);
    host.clock.stall(3600);
    const stolen = theirs.leases.tryAcquire('scheduler');
    expect(stolen).not.toBeNull();
    await host.pass(1);
    expect(log.entries).toEqual(['ours 1']);
  });
});

describe('a wall clock that is set', () => {
  const DAY = 24 * 60 * 60;

  test('back by a day brings no tick again, and stops no interval', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(2.5);
    host.clock.setWallClockBy(-DAY);
    await host.pass(3);
    expect(log.entries).toEqual([1, 2, 3, 4, 5].map((tick) => `ours ${tick}`));
    await ours.scheduler.stop();
    theirs.scheduler.add(log.job('theirs')).start();
    await host.pass(2.1);
    expect(log.entries.slice(5)).toEqual(['theirs 6', 'theirs 7']);
  });

  test('ahead by a day leaves what it passed over as missed, and costs no lease', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(1.5);
    host.clock.setWallClockBy(DAY);
    await host.pass(2);
    expect(log.entries).toEqual(['ours 1', `ours ${DAY + 2}`, `ours ${DAY + 3}`]);
    expect(outcomes()[1]).toBe(`missed 2..${DAY + 1} (${DAY})`);
    host.clock.setWallClockBy(-DAY);
    await host.pass(2);
    expect(log.entries.slice(3)).toEqual([`ours ${DAY + 4}`, `ours ${DAY + 5}`]);
    expect(ours.errors).toEqual([]);
    expect(ours.leases.list()[0]?.reason).toBe('first');
  });

  test('ahead is noticed by a cron job within a minute, and back it runs nothing twice', async () => {
    const log = new Log();
    const cron = { cron: '0 3 * * *', everySeconds: undefined } as never;
    ours.scheduler.add(log.job('ours', cron)).start();
    await host.pass(1);
    host.clock.setWallClockBy(DAY - 10);
    await host.pass(61);
    expect(log.entries).toEqual([`ours ${3 * 3600}`]);
    host.clock.setWallClockBy(-DAY);
    host.clock.advance(23 * 3600);
    await host.settle();
    expect(log.entries).toHaveLength(1);
  });

  describe('ahead by years for a minute', () => {
    const YEARS = 3 * 365 * DAY;
    const everyMinute = { cron: '* * * * *', everySeconds: undefined } as never;
    const rewound: OnehostEvents['onehost:job-rewound'][] = [];
    const listen = (event: unknown) => void rewound.push(event as (typeof rewound)[number]);

    beforeEach(async () => {
      rewound.length = 0;
      subscribe('onehost:job-rewound', listen);
      ours.scheduler.add(new Log().job('ours', everyMinute)).start();
      await host.pass(30);
      host.clock.setWallClockBy(YEARS);
      await host.pass(60);
      expect(outcomes()).toEqual([
        expect.stringMatching(/^missed 60\.\./),
        `succeeded ${YEARS + 60}`,
      ]);
    });

    afterEach(() => unsubscribe('onehost:job-rewound', listen));

    test('and back it goes on within a minute, and says so once', async () => {
      host.clock.setWallClockBy(-YEARS);
      await host.pass(180);
      expect(outcomes()).toEqual([
        expect.stringMatching(/^missed 60\.\./),
        ...[120, 180, 240].map((tick) => `succeeded ${tick}`),
        `succeeded ${YEARS + 60}`,
      ]);
      const handledUntil = new Date(START + (YEARS + 60) * 1000);
      expect(rewound).toEqual([{ job: 'job', handledUntil, rewoundTo: expect.any(Date) }]);
      expect(ours.errors).toEqual([{ job: 'job', error: expect.any(ClockSetBackError) }]);
      const message = String(ours.errors[0]?.error);
      expect(message).toContain(`up to ${handledUntil.toISOString()}`);
      expect(message).toContain('and it is 2026-01-01T00:02:00.000Z now');
      expect(message).toContain('It goes on from now');
    });

    test('and back while nobody ran jobs, it goes on too', async () => {
      await ours.scheduler.stop();
      host.clock.setWallClockBy(-YEARS);
      const log = new Log();
      theirs.scheduler.add(log.job('theirs', everyMinute)).start();
      await host.pass(60);
      expect(log.entries).toEqual(['theirs 120']);
      expect(theirs.errors).toMatchObject([{ error: { code: 'ONEHOST_CLOCK_SET_BACK' } }]);
    });

    test('and back, with a tick that waits for its run, it goes on after that', async () => {
      const queued = await host.openProcess({ name: 'queued' });
      const long = new LongJob();
      const options = { name: 'queued', cron: '* * * * *', overlap: 'queue' } as const;
      queued.scheduler.add({ ...options, run: long.run }).start();
      await host.pass(95);
      host.clock.setWallClockBy(-YEARS);
      await host.pass(61);
      for (let run = 0; run < 2; run++) await long.endNext();
      await host.pass(61);
      const ticks = long.contexts.map(({ scheduledFor }) => (+scheduledFor - START) / 1000);
      expect(ticks).toEqual([YEARS + 120, YEARS + 180, 300]);
      expect(queued.errors).toMatchObject([{ error: { code: 'ONEHOST_CLOCK_SET_BACK' } }]);
    });

    test('and back, but with what it ran no longer kept: it stays silent, and says until when', async () => {
      await ours.scheduler.stop();
      const { leases, database, errors } = theirs;
      const log = new Log();
      await using scheduler = new Scheduler({
        leases,
        ledger: new DatabaseJobLedger(database, { keptRuns: 1 }),
        onError: (error, job) => errors.push({ error, job }),
      });
      scheduler.add(log.job('theirs', everyMinute)).start();
      await host.pass(60);
      host.clock.setWallClockBy(-YEARS);
      await host.pass(180);
      expect(log.entries).toHaveLength(1);
      expect(errors).toHaveLength(1);
      const until = new Date(START + (YEARS + 60) * 1000).toISOString();
      expect(String(errors[0]?.error)).toContain(`It goes on after ${until} and no sooner`);
    });
  });

  test('ahead as after a suspend makes an interval due within a minute', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours', { everySeconds: 3600 } as never)).start();
    await host.pass(10);
    // The monotonic clock stands still meanwhile.
    host.clock.setWallClockBy(3600);
    host.clock.advance(60);
    await host.settle();
    expect(log.entries).toEqual(['ours 3600']);
  });

  test('back while an interval of more than a minute is waited for does not delay it', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours', { everySeconds: 600 } as never)).start();
    await host.pass(10);
    host.clock.setWallClockBy(-DAY);
    host.clock.advance(589);
    await host.settle();
    expect(log.entries).toEqual([]);
    host.clock.advance(1.5);
    await host.settle();
    expect(log.entries).toEqual(['ours 600']);
  });
});

describe('stop', () => {
  test('tells running jobs, waits for their end, and lets what they write count', async () => {
    withConnection(host.file, (connection) => connection.exec('create table app (n integer)'));
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    const stopped = ours.scheduler.stop();
    await host.pass(2);
    const [context] = long.contexts;
    expect(context?.signal.reason).toBeInstanceOf(SchedulerStoppedError);
    await context?.transaction((connection) => connection.exec('insert into app values (1)'));
    expect(ours.scheduler.isOwner).toBe(true);
    await long.endNext();
    await stopped;
    expect(ours.scheduler.isOwner).toBe(false);
    expect(outcomes()).toEqual(['succeeded 1']);
    expect(ours.leases.list()[0]?.holder).toBeNull();
  });

  test('records a run that ended by an error after it was told as stopped', async () => {
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: ({ signal }) =>
          new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          }),
      })
      .start();
    await host.pass(1.2);
    await ours.scheduler.stop();
    expect(outcomes()).toEqual(['stopped 1']);
    expect(ours.errors).toEqual([]);
  });

  test.each<[string, string, (reason: unknown) => unknown]>([
    ['stopped', 'by an AbortError', () => new DOMException('', 'AbortError')],
    ['stopped', 'by an error of that cause', (cause) => new Error('no report', { cause })],
    ['failed', 'by a mistake of its own', () => new TypeError('x is undefined')],
    ['failed', 'by something that is no error', () => undefined],
  ])('records as %s what ended %s after it was told', async (outcome, _, errorFor) => {
    ours.scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: ({ signal }) =>
          new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(errorFor(signal.reason)));
          }),
      })
      .start();
    await host.pass(1.2);
    await ours.scheduler.stop();
    expect(outcomes()).toEqual([`${outcome} 1`]);
    expect(ours.errors).toHaveLength(outcome === 'failed' ? 1 : 0);
  });

  test('gives up the lease after the drain time, and the next owner records the run as abandoned', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    const stopped = ours.scheduler.stop();
    await host.pass(9.9);
    expect(ours.leases.list()[0]?.holder).not.toBeNull();
    await host.pass(0.2);
    await stopped;
    expect(ours.leases.list()[0]?.holder).toBeNull();
    await expect(long.contexts[0]?.transaction(() => {})).rejects.toMatchObject({
      code: 'ONEHOST_LEASE_LOST',
    });
    theirs.scheduler.add(new Log().job('theirs')).start();
    await host.pass(0.2);
    expect(outcomes()[0]).toBe('abandoned 1');
  });

  test('while it stands by, or before it was started, ends at once', async () => {
    await host.openProcess().then(({ scheduler }) => scheduler.stop());
    ours.scheduler.start();
    await host.settle();
    theirs.scheduler.start();
    await host.settle();
    await theirs.scheduler.stop();
    await theirs.scheduler.stop();
    expect(ours.scheduler.isOwner).toBe(true);
  });

  test('is for good', async () => {
    await ours.scheduler.stop();
    const code = 'ONEHOST_SCHEDULER_STOPPED';
    expect(() => ours.scheduler.start()).toThrow(expect.objectContaining({ code }));
    expect(() => ours.scheduler.add(new Log().job('late'))).toThrow(
      expect.objectContaining({ code }),
    );
  });

  test('does not try a failed job again', async () => {
    const run = vi.fn(() => {
      throw new Error('fails');
    });
    ours.scheduler
      .add({ name: 'job', everySeconds: 1, retry: { attempts: 9, delaySeconds: 5 }, run })
      .start();
    await host.pass(1.2);
    await ours.scheduler.stop();
    expect(run).toHaveBeenCalledTimes(1);
    expect(outcomes()).toEqual(['failed 1']);
    expect(ours.errors).toMatchObject([{ job: 'job', error: { message: 'fails' } }]);
  });

  test('leaves no look at the clock behind', async () => {
    const daily = { cron: '0 3 * * *', everySeconds: undefined } as never;
    ours.scheduler.add(new Log().job('ours', daily)).start();
    await host.pass(1);
    await ours.scheduler.stop();
    const after = vi.spyOn(host.clock, 'after');
    host.clock.advance(600);
    expect(after).not.toHaveBeenCalled();
    after.mockRestore();
  });

  test('waits for runs of a lease that was lost, too', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    ours.leases.close();
    await host.pass(1);
    let hasStopped = false;
    const stopped = ours.scheduler.stop().then(() => {
      hasStopped = true;
    });
    await host.pass(9);
    expect(hasStopped).toBe(false);
    await long.endNext();
    expect(hasStopped).toBe(true);
    await stopped;
  });

  test('and for them no longer than the drain time either', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    ours.leases.close();
    await host.pass(1);
    const stopped = ours.scheduler.stop();
    await host.pass(10.1);
    await stopped;
    await long.endNext();
  });

  test('and what they write after it is refused, and no failure of theirs', async () => {
    const long = new LongJob();
    const run = async (context: JobContext<TransactionConnection>) => {
      await long.run(context);
      await context.transaction(() => {});
    };
    ours.scheduler.add({ name: 'job', everySeconds: 1, run }).start();
    await host.pass(1.2);
    const stopped = ours.scheduler.stop();
    await host.pass(10.1);
    await stopped;
    await long.endNext();
    expect(outcomes()).toEqual(['running 1']);
    expect(ours.errors).toEqual([]);
  });

  test('leaves what waits for its run to the next owner, and what comes after that', async () => {
    const long = new LongJob();
    const options = { everySeconds: 1, overlap: 'queue', backlogLimit: 1 } as const;
    ours.scheduler.add({ name: 'job', ...options, run: long.run }).start();
    await host.pass(3.2);
    const stopped = ours.scheduler.stop();
    await long.endNext();
    await stopped;
    expect(outcomes()).toEqual(['succeeded 1']);
    theirs.scheduler.add(new Log().job('theirs', { ...options, misfire: 'all' })).start();
    await host.pass(0.2);
    expect(outcomes()).toEqual(['succeeded 1', 'missed 2', 'succeeded 3']);
  });

  test('waits until the end of a run is recorded', async () => {
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    const finish = vi.spyOn(ours.ledger, 'finish').mockImplementationOnce(() => {
      throw new Error('the file is busy');
    });
    const stopped = ours.scheduler.stop();
    await long.endNext();
    await host.pass(1.1);
    await stopped;
    expect(finish).toHaveBeenCalledTimes(2);
    expect(outcomes()).toEqual(['succeeded 1']);
  });

  test('begins no tick that could not be recorded yet, and leaves it to the next owner', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours', { everySeconds: 60 } as never)).start();
    vi.spyOn(ours.ledger, 'begin').mockImplementationOnce(() => {
      throw new Error('the file is busy');
    });
    await host.pass(60.5);
    expect(ours.errors).toHaveLength(1);
    const stopped = ours.scheduler.stop();
    await host.pass(2);
    await stopped;
    expect(outcomes()).toEqual([]);
    theirs.scheduler.add(log.job('theirs', { everySeconds: 60 } as never)).start();
    await host.pass(0.5);
    expect(log.entries).toEqual(['theirs 60']);
  });

  test('tells of a lease that came meanwhile and could not be released', async () => {
    const released = new Error('the server is away');
    let answer = () => {};
    vi.spyOn(ours.leases, 'acquire').mockImplementation(
      () =>
        new Promise((_, reject) => {
          answer = () => reject(released);
        }),
    );
    ours.scheduler.start();
    const stopped = ours.scheduler.stop();
    answer();
    await stopped;
    expect(ours.errors).toEqual([{ job: null, error: released }]);
  });

  test('begins no tick whose jitter is not over, and leaves it to the next owner', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const log = new Log();
    const options = { everySeconds: 60, jitterSeconds: 8 } as Partial<Job<TransactionConnection>>;
    ours.scheduler.add(log.job('ours', options)).start();
    await host.pass(61);
    await ours.scheduler.stop();
    expect(outcomes()).toEqual([]);
    theirs.scheduler.add(log.job('theirs', options)).start();
    await host.pass(5);
    random.mockRestore();
    expect(log.entries).toEqual(['theirs 60']);
  });
});

describe('when the file cannot be written', () => {
  test('ticks wait until it can, and no error ends the scheduler', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(1.5);
    const begin = vi.spyOn(ours.ledger, 'begin').mockImplementation(() => {
      throw Object.assign(new Error('disk full'), { code: 'ONEHOST_DATABASE_FULL' });
    });
    await host.pass(1);
    expect(ours.errors).toMatchObject([{ job: 'job', error: { message: 'disk full' } }]);
    begin.mockRestore();
    await host.pass(2);
    expect(log.entries.slice(0, 2)).toEqual(['ours 1', 'ours 2']);
    expect(ours.scheduler.isOwner).toBe(true);
  });

  test.each([
    { when: 'is asked for again', isResent: false },
    { when: 'was sent again by the client of a server', isResent: true },
  ])(
    'a tick that was begun without its answer being heard, and $when, is run, and once',
    async ({ isResent }) => {
      const log = new Log();
      ours.scheduler.add(log.job('ours')).start();
      await host.pass(0.5);
      const { begin } = ours.ledger;
      vi.spyOn(ours.ledger, 'begin').mockImplementationOnce((...args) => {
        begin.apply(ours.ledger, args);
        if (isResent) return begin.apply(ours.ledger, args);
        throw new Error('no answer');
      });
      await host.pass(4);
      expect(log.entries[0]).toBe('ours 1');
      expect(new Set(log.entries).size).toBe(log.entries.length);
      expect(outcomes()[0]).toBe('succeeded 1');
    },
  );

  test('the outcome of a run is kept until it can be recorded', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours')).start();
    await host.pass(0.5);
    const finish = vi.spyOn(ours.ledger, 'finish').mockImplementation(() => {
      throw new Error('disk full');
    });
    await host.pass(1);
    expect(outcomes()).toEqual(['running 1']);
    finish.mockRestore();
    await host.pass(1);
    expect(outcomes()[0]).toBe('succeeded 1');
  });

  test('a job that was registered as the lease was lost has no ticks', async () => {
    const { register } = ours.ledger;
    let goOn = () => {};
    const waiting = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    vi.spyOn(ours.ledger, 'register').mockImplementation((async (...args: never) => {
      const registered = register.apply(ours.ledger, args);
      await waiting;
      return registered;
    }) as never);
    const nextAfter = vi.spyOn(IntervalSchedule.prototype, 'nextAfter');
    ours.scheduler.add(new Log().job('ours')).start();
    await host.pass(0.2);
    ours.leases.close();
    await host.settle();
    goOn();
    await host.pass(3);
    expect(nextAfter).not.toHaveBeenCalled();
    nextAfter.mockRestore();
  });

  test('a lease store that was closed ends the scheduler, and says so once', async () => {
    ours.scheduler.start();
    await host.pass(0.2);
    ours.leases.close();
    await host.pass(5);
    expect(ours.errors).toMatchObject([
      { job: null, error: { code: 'ONEHOST_LEASE_STORE_CLOSED' } },
    ]);
    expect(ours.scheduler.isOwner).toBe(false);
  });

  test.each<[string, () => void | Promise<void>]>([
    ['throws', () => raise(new Error('of onError'))],
    ['rejects', async () => raise(new Error('of onError'))],
  ])('an onError that %s breaks nothing', async (_, onError) => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    const { scheduler, ledger } = await host.openProcess({ onError });
    scheduler
      .add({
        name: 'job',
        everySeconds: 1,
        run: () => {
          throw new Error('of the job');
        },
      })
      .start();
    await host.pass(2);
    expect(ledger.runs('job').map(({ outcome }) => outcome)).toEqual(['failed', 'failed']);
    expect(log.mock.calls.flat().map(String)).toEqual(
      expect.arrayContaining(['Error: of the job', 'Error: of onError']),
    );
    log.mockRestore();
  });
});

function raise(error: unknown): never {
  throw error;
}

describe('a job', () => {
  test('added while this process owns the jobs runs from then on', async () => {
    const log = new Log();
    ours.scheduler.start();
    await host.pass(1.5);
    ours.scheduler.add(log.job('ours'));
    await host.pass(1);
    expect(log.entries).toEqual(['ours 2']);
  });

  test('runs no tick of before it was first known', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours', { misfire: 'all' })).start();
    await host.pass(0.5);
    expect(log.entries).toEqual([]);
  });

  test('tells on a channel what became of each tick', async () => {
    const told: OnehostEvents['onehost:job-run'][] = [];
    const listen = (event: unknown) => told.push(event as (typeof told)[number]);
    subscribe('onehost:job-run', listen);
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(2.2);
    await long.endNext();
    unsubscribe('onehost:job-run', listen);
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    expect(told).toEqual([
      { job: 'job', scheduledFor: at(2), ticks: 1, outcome: 'skipped', error: null },
      { job: 'job', scheduledFor: at(1), ticks: 1, outcome: 'succeeded', error: undefined },
    ]);
  });

  test('removes expired sessions, if it is the ready one', async () => {
    const cache = new DatabaseSessionCache<{ userId: number }>(ours.database);
    cache.set('a-token', { userId: 1 }, 10);
    ours.scheduler.add(purgeSessionsJob(cache)).start();
    await host.pass(61);
    expect(outcomes(ours, 'purge-sessions')).toEqual(['succeeded 60']);
    const left = withConnection(host.file, (connection) =>
      connection.prepare('select * from onehost_sessions').all(),
    );
    expect(left).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['a second one of its name', { name: 'taken' }, 'INVALID_JOB'],
    ['no schedule', { everySeconds: undefined }, 'INVALID_JOB'],
    ['two schedules', { cron: '* * * * *' }, 'INVALID_JOB'],
    [
      'a cron expression of nonsense',
      { cron: '61 * * * *', everySeconds: undefined },
      'INVALID_JOB',
    ],
    ['an empty cron expression', { cron: '', everySeconds: undefined }, 'INVALID_JOB'],
    ['a cron expression that is a number', { cron: 5, everySeconds: undefined }, 'INVALID_JOB'],
    [
      'a date as a cron expression',
      { cron: '2030-01-01T00:00:00', everySeconds: undefined },
      'INVALID_JOB',
    ],
    ['the 30th of February', { cron: '0 0 30 2 *', everySeconds: undefined }, 'INVALID_JOB'],
    [
      'an unknown time zone',
      { cron: '* * * * *', everySeconds: undefined, timeZone: 'Mars/Base' },
      'INVALID_JOB',
    ],
    [
      'a time zone that is no text',
      { cron: '* * * * *', everySeconds: undefined, timeZone: 1 },
      'INVALID_JOB',
    ],
    ['a time zone for an interval', { timeZone: 'UTC' }, 'INVALID_JOB'],
    ['an interval of 0', { everySeconds: 0 }, 'INVALID_DURATION'],
    ['an endless interval', { everySeconds: Number.POSITIVE_INFINITY }, 'INVALID_DURATION'],
    ['an interval that is too short', { everySeconds: 0.05 }, 'INVALID_JOB'],
    ['an interval of no whole milliseconds', { everySeconds: 1.0005 }, 'INVALID_JOB'],
    ['an empty name', { name: '' }, 'INVALID_NAME'],
    ['an unknown misfire rule', { misfire: 'never' }, 'INVALID_OPTION'],
    ['an unknown overlap rule', { overlap: 'both' }, 'INVALID_OPTION'],
    ['a negative grace', { graceSeconds: -1 }, 'INVALID_DURATION'],
    ['a timeout of 0', { timeoutSeconds: 0 }, 'INVALID_DURATION'],
    ['a negative jitter', { jitterSeconds: -1 }, 'INVALID_DURATION'],
    ['a backlog of 0', { backlogLimit: 0 }, 'INVALID_OPTION'],
    ['no attempts', { retry: { attempts: 0 } }, 'INVALID_OPTION'],
    ['a retry that hurries', { retry: { attempts: 2, factor: 0.5 } }, 'INVALID_JOB'],
    ['an endless delay', { retry: { attempts: 2, delaySeconds: Number.NaN } }, 'INVALID_DURATION'],
    ['a misspelt option', { timeoutseconds: 5 }, 'INVALID_OPTION'],
    ['no run', { run: undefined }, 'INVALID_JOB'],
  ])('is refused with %s', (_, options, code) => {
    ours.scheduler.add(new Log().job('first', { name: 'taken' }));
    expect(() => ours.scheduler.add(new Log().job('second', { name: 'free', ...options }))).toThrow(
      expect.objectContaining({ code: `ONEHOST_${code}` }),
    );
  });
});

describe('a scheduler', () => {
  test.each<[string, object, string]>([
    ['no lease store', { leases: {} }, 'INVALID_OPTION'],
    ['no ledger', { ledger: null }, 'INVALID_OPTION'],
    ['an empty name', { name: '' }, 'INVALID_NAME'],
    ['a duration of 0', { durationSeconds: 0 }, 'INVALID_DURATION'],
    [
      'a margin as large as the duration',
      { durationSeconds: 5, marginSeconds: 5 },
      'INVALID_DURATION',
    ],
    ['a drain time of no end', { drainSeconds: Number.POSITIVE_INFINITY }, 'INVALID_DURATION'],
    ['a misspelt option', { drainseconds: 1 }, 'INVALID_OPTION'],
  ])('is refused with %s', (_, options, code) => {
    const { leases, ledger } = ours;
    expect(() => new Scheduler({ leases, ledger, ...options } as never)).toThrow(
      expect.objectContaining({ code: `ONEHOST_${code}` }),
    );
  });

  test('of another name is another one', async () => {
    const log = new Log();
    const other = await host.openProcess({ name: 'reports' });
    ours.scheduler.add(log.job('ours')).start();
    other.scheduler.add(log.job('other', { name: 'report' })).start();
    await host.pass(1.2);
    expect(log.entries.sort()).toEqual(['other 1', 'ours 1']);
  });

  test('of another name does not take over a job of this one, and says why once', async () => {
    const log = new Log();
    const other = await host.openProcess({ name: 'reports' });
    const long = new LongJob();
    ours.scheduler.add({ name: 'job', everySeconds: 1, run: long.run }).start();
    await host.pass(1.2);
    other.scheduler.add(log.job('other')).start();
    await host.pass(40);
    expect(log.entries).toEqual([]);
    expect(other.errors).toMatchObject([{ job: 'job', error: { code: 'ONEHOST_INVALID_JOB' } }]);
    await long.endNext();
    expect(outcomes()[0]).toBe('succeeded 1');
  });

  test('runs a dozen jobs at once without a warning of Node', async () => {
    const warned = vi.fn();
    process.on('warning', warned);
    const jobs = Array.from({ length: 12 }, () => new LongJob());
    for (const [index, { run }] of jobs.entries()) {
      ours.scheduler.add({ name: `job ${index}`, everySeconds: 1, run });
    }
    ours.scheduler.start();
    await host.pass(1.2);
    expect(jobs.every(({ contexts }) => contexts.length === 1)).toBe(true);
    const stopped = ours.scheduler.stop();
    for (const job of jobs) await job.endNext();
    await stopped;
    process.off('warning', warned);
    expect(warned.mock.calls).toEqual([]);
  });

  test('without jobs keeps its process alive while it owns them', () => {
    const program = fileURLToPath(new URL('./owner-without-jobs.ts', import.meta.url));
    const file = host.file.replace('jobs.db', 'alone.db');
    const { status } = spawnSync(process.execPath, ['--import', 'tsx', program, file], {
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: 60_000,
    });
    expect(status).toBe(0);
  });

  test('started twice contends once', async () => {
    const log = new Log();
    ours.scheduler.add(log.job('ours'));
    ours.scheduler.start();
    ours.scheduler.start();
    await host.pass(1.2);
    expect(log.entries).toEqual(['ours 1']);
    expect(ours.errors).toEqual([]);
  });
});
