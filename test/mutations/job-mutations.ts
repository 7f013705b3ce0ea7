import type { Mutation } from './mutations.ts';

/** Bugs of the scheduler, the job ledger and the guards. */
export const jobMutations: readonly Mutation[] = [
  {
    name: 'a transaction that waits is committed though the time of its run is over, or its attempt has failed',
    breaks: 'scheduling',
    file: 'src/scheduler/tick-run.ts',
    edits: [
      ['            assertGoesOn();\n            return result;', '            return result;'],
    ],
    caughtBy: 'test/backends/postgres/scheduler.test.ts',
  },
  {
    name: 'a tick begins after the stop, once its jitter is over or it can be recorded',
    breaks: 'scheduling',
    file: 'src/scheduler/job-ticks.ts',
    edits: [
      ['      if (this.#hasEnded) return false;\n      if (await ledger', '      if (await ledger'],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'an onError that rejects ends the process',
    breaks: 'errors',
    file: 'src/scheduler/scheduler.ts',
    edits: [['      await this.#onError(error, job);', '      this.#onError(error, job);']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'a job is set back to before runs that are no longer kept',
    breaks: 'ticks',
    file: 'src/backends/sqlite/database-job-ledger.ts',
    edits: [['Math.max(to, prunedUntil ?? to)', '(void prunedUntil, to)']],
    caughtBy: 'test/backends/sqlite/database-job-ledger.test.ts',
  },
  {
    name: 'a job may be of two leases',
    breaks: 'ticks',
    file: 'src/job-keeping/ledger-refusals.ts',
    edits: [['if (job.lease === lease.name) return;', 'if (job.lease !== null) return;']],
    caughtBy: 'test/backends/sqlite/database-job-ledger.test.ts',
  },
  {
    name: 'a new schedule begins now, and what was due is lost',
    breaks: 'ticks',
    file: 'src/backends/sqlite/database-job-ledger.ts',
    edits: [
      [
        'this.#rows.reschedule(name, schedule);',
        'this.#rows.reschedule(name, schedule);\n        this.#rows.handleUntil(name, startAt);',
      ],
    ],
    caughtBy: 'test/backends/sqlite/database-job-ledger.test.ts',
  },
  {
    name: 'a power cut undoes that a tick has begun',
    breaks: 'durability',
    file: 'src/backends/sqlite/database-job-ledger.ts',
    edits: [
      [
        "return this.#write(lease, 'power-loss', (now) => {",
        "return this.#write(lease, 'process-crash', (now) => {",
      ],
    ],
    caughtBy: 'test/backends/sqlite/durability.test.ts',
  },
  {
    name: 'ticks that did not run join any record before',
    breaks: 'ticks',
    file: 'src/backends/sqlite/job-rows.ts',
    edits: [
      [
        "    .where('last_scheduled_for', '=', param('handledUntil'))\n",
        "    .where('last_scheduled_for', '>=', param('handledUntil'))\n",
      ],
    ],
    caughtBy: 'test/backends/sqlite/database-job-ledger.test.ts',
  },
  {
    name: 'what is pruned is forgotten',
    breaks: 'ticks',
    file: 'migrations/sqlite/0003_jobs.sql',
    edits: [["when old.outcome not in ('missed', 'skipped')", 'when 0']],
    caughtBy: 'test/backends/sqlite/database-job-ledger.test.ts',
  },
  {
    name: 'a cron job is never set back with its clock',
    breaks: 'scheduling',
    file: 'src/scheduler/clock-set-back.ts',
    edits: [
      [
        'return handledUntil - now > TOLERATED_MILLISECONDS;',
        'return handledUntil - now > Number.MAX_SAFE_INTEGER;',
      ],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'what fell due before a clock was seen to be set back is lost',
    breaks: 'ticks',
    file: 'src/scheduler/clock-set-back.ts',
    edits: [['clock.now() - UNNOTICED_MILLISECONDS', 'clock.now() - 0 * UNNOTICED_MILLISECONDS']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'a job is set back past ticks in its queue',
    breaks: 'ticks',
    file: 'src/scheduler/job-ticks.ts',
    edits: [
      ['const isIdle = this.#queue.length === 0 && !this.#isWorking;', 'const isIdle = true;'],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'a tick whose beginning was recorded, and not heard of, is not run',
    breaks: 'ticks',
    file: 'src/scheduler/job-ticks.ts',
    edits: [['return this.#isRecordedAsBegun(tick);', 'return false;']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'the queue of ticks goes on after the end of the term',
    breaks: 'ticks',
    file: 'src/scheduler/job-ticks.ts',
    edits: [['head === undefined || this.#hasEnded', 'head === undefined']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'a tick that waits for its run keeps no other from being skipped',
    breaks: 'scheduling',
    file: 'src/scheduler/job-ticks.ts',
    edits: [
      [
        'const isBusy = this.#activity.isRunning || this.#waiting > 0;',
        'const isBusy = this.#activity.isRunning;',
      ],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'a timer of ticks goes on after the end of the term',
    breaks: 'scheduling',
    file: 'src/scheduler/job-ticks.ts',
    edits: [
      [
        '      if (this.#hasEnded) return;\n      const { isDue } = wait;',
        '      const { isDue } = wait;',
      ],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'nobody looks at the clock during a long wait for a tick',
    breaks: 'scheduling',
    file: 'src/scheduler/tick-wait.ts',
    edits: [['const LONGEST_MILLISECONDS = 60_000;', 'const LONGEST_MILLISECONDS = 60_000_000;']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'every look for what is due looks back over the whole backlog',
    breaks: 'scheduling',
    file: 'src/scheduler/cron-schedule.ts',
    edits: [['if (ticks.length <= most) return', 'if (ticks.length < 1) return']],
    caughtBy: 'test/scheduler/schedules.test.ts',
  },
  {
    name: 'two blanks make another schedule',
    breaks: 'scheduling',
    file: 'src/scheduler/cron-schedule.ts',
    edits: [['trim().split(/\\s+/)', "split(' ')"]],
    caughtBy: 'test/scheduler/schedules.test.ts',
  },
  {
    name: 'runs of a lost lease are not waited for at stop',
    breaks: 'scheduling',
    file: 'src/scheduler/scheduler.ts',
    edits: [
      ['    await this.#contending;\n    await this.#drained;\n', '    await this.#contending;\n'],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'many jobs at once look like a leak of listeners',
    breaks: 'scheduling',
    file: 'src/scheduler/scheduler.ts',
    edits: [
      [
        'setMaxListeners(0, lease.signal, this.#stopping.signal);',
        'setMaxListeners(0, lease.signal);',
      ],
    ],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'whatever a run throws at a stop is put down to the stop',
    breaks: 'scheduling',
    file: 'src/scheduler/tick-run.ts',
    edits: [['if (!aborted) return false;', 'return aborted;']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'nobody waits for the record of the end of a run',
    breaks: 'scheduling',
    file: 'src/scheduler/tick-run.ts',
    edits: [['      await this.#recorded;\n', '']],
    caughtBy: 'test/scheduler/scheduler.test.ts',
  },
  {
    name: 'somebody is told to kill the process that asks',
    breaks: 'guards',
    file: 'src/guards/running-instance.ts',
    edits: [
      [
        'return one.processId === other.processId && one.host === other.host;',
        'return one.id === other.id;',
      ],
    ],
    caughtBy: 'test/guards/running-instance.test.ts',
  },
  {
    name: 'anything is taken for a lease store',
    breaks: 'guards',
    file: 'src/contract/validate-options.ts',
    edits: [["if (typeof found === 'function') return;", "if (typeof found !== 'bigint') return;"]],
    caughtBy: 'test/guards/claim-single-instance.test.ts',
  },
];
