import type { Mutation } from './mutations.ts';

const sqlite = 'src/backends/sqlite';
const leaseStore = 'test/backends/sqlite/database-lease-store.test.ts';
const lease = 'test/backends/sqlite/database-lease.test.ts';
const leaseKeeper = 'test/lease-keeping/lease-keeper.test.ts';
const jobLedger = 'test/backends/sqlite/database-job-ledger.test.ts';
const slowWrites = 'test/faults/slow-writes.test.ts';
const killedProcesses = 'test/faults/leases.test.ts';
const killedJobs = 'test/faults/jobs.test.ts';

/** Bugs of terms, tokens and ticks that let two write, or lose what nobody ran. */
export const fencingMutations: readonly Mutation[] = [
  {
    name: 'a term is renewed by the name of its lease alone',
    breaks: 'fencing',
    file: `${sqlite}/lease-rows.ts`,
    edits: [
      [
        "      renewed_at: param('renewedAt'),\n    }))\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder'))\n    .where('fencing_token', '=', param('fencingToken')),\n",
        "      renewed_at: param('renewedAt'),\n    }))\n    .where('name', '=', param('name')),\n",
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'a term is renewed by its holder, whichever of its terms',
    breaks: 'fencing',
    file: `${sqlite}/lease-rows.ts`,
    edits: [
      [
        "      renewed_at: param('renewedAt'),\n    }))\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder'))\n    .where('fencing_token', '=', param('fencingToken')),\n",
        "      renewed_at: param('renewedAt'),\n    }))\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder')),\n",
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'a write under a lease asks the clock and not the token',
    breaks: 'fencing',
    file: `${sqlite}/database-lease.ts`,
    edits: [['isCurrent = rows.isCurrent(this.#term);', 'isCurrent = this.isHeld();']],
    caughtBy: leaseStore,
  },
  {
    name: 'a write under a lease is not fenced, and only the clock was asked before',
    breaks: 'fencing',
    file: `${sqlite}/database-lease.ts`,
    edits: [['isCurrent = rows.isCurrent(this.#term);', 'isCurrent = true;']],
    caughtBy: killedProcesses,
  },
  {
    name: 'a holder trusts itself from the end of a renewal',
    breaks: 'trust',
    file: `${sqlite}/database-lease.ts`,
    edits: [
      [
        'this.#keeper.renewed(renewedMonotonic);',
        'this.#keeper.renewed(database.clock.monotonic());',
      ],
    ],
    caughtBy: slowWrites,
  },
  {
    name: 'a holder trusts itself from the end of its acquisition',
    breaks: 'trust',
    file: `${sqlite}/database-lease.ts`,
    edits: [['attemptedAt: row.renewedMonotonic,', 'attemptedAt: database.clock.monotonic(),']],
    caughtBy: slowWrites,
  },
  {
    name: 'a trust window counts from when the answer came',
    breaks: 'trust',
    file: 'src/lease-keeping/lease-keeper.ts',
    edits: [
      [
        'return attemptedAt + this.#term.durationMilliseconds - this.#term.marginMilliseconds;',
        'return Math.max(attemptedAt, this.#clock.monotonic()) + this.#term.durationMilliseconds - this.#term.marginMilliseconds;',
      ],
    ],
    caughtBy: leaseKeeper,
  },
  {
    name: 'a lease that is released is deleted',
    breaks: 'fencing',
    file: `${sqlite}/lease-rows.ts`,
    edits: [
      [
        "    .updateTable('onehost_leases')\n    .set({ holder: sql.lit(null) })\n    .where('name',",
        "    .deleteFrom('onehost_leases')\n    .where('name',",
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'the row of a lease may be deleted',
    breaks: 'fencing',
    file: 'migrations/sqlite/0002_leases.sql',
    edits: [['before delete on onehost_leases\n', 'before delete on onehost_leases when 0\n']],
    caughtBy: lease,
  },
  {
    name: 'a standby waits for the duration although the holder has died',
    breaks: 'takeover',
    file: `${sqlite}/judge-term.ts`,
    edits: [
      [
        "if (facts.lock !== 'free' || facts.trust === 'ttl') return null;",
        "if (facts.lock !== 'free' || facts.trust !== 'ttl') return null;",
      ],
    ],
    caughtBy: killedProcesses,
  },
  {
    name: 'a tick begins though it has been dealt with',
    breaks: 'ticks',
    file: `${sqlite}/database-job-ledger.ts`,
    edits: [
      ['if (tick <= this.#find(job, lease).handledUntil) return false;', 'this.#find(job, lease);'],
    ],
    caughtBy: jobLedger,
  },
  {
    name: 'a tick that has a record begins once more',
    breaks: 'ticks',
    file: `${sqlite}/job-rows.ts`,
    edits: [
      [
        'return this.#insertRun.run(run).changes > 0;',
        'return this.#insertRun.run(run).changes >= 0;',
      ],
    ],
    caughtBy: jobLedger,
  },
  {
    name: 'who takes over counts ticks from now',
    breaks: 'ticks',
    file: `${sqlite}/database-job-ledger.ts`,
    edits: [
      [
        'handledUntil: new Date(known?.handledUntil ?? startAt),',
        'handledUntil: new Date(startAt),',
      ],
    ],
    caughtBy: killedJobs,
  },
  {
    name: 'ticks that were missed are not recorded',
    breaks: 'ticks',
    file: 'src/scheduler/job-ticks.ts',
    edits: [["if (older !== null) this.#enqueue({ ...older, outcome: 'missed' });", 'void older;']],
    caughtBy: killedJobs,
  },
  {
    name: 'a lease is released by its name alone',
    breaks: 'fencing',
    file: `${sqlite}/lease-rows.ts`,
    edits: [
      [
        "    .set({ holder: sql.lit(null) })\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder'))\n    .where('fencing_token', '=', param('fencingToken')),\n",
        "    .set({ holder: sql.lit(null) })\n    .where('name', '=', param('name')),\n",
      ],
    ],
    caughtBy: killedProcesses,
  },
  {
    name: 'a lease is released by its holder, whichever of its terms',
    breaks: 'fencing',
    file: `${sqlite}/lease-rows.ts`,
    edits: [
      [
        "    .set({ holder: sql.lit(null) })\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder'))\n    .where('fencing_token', '=', param('fencingToken')),\n",
        "    .set({ holder: sql.lit(null) })\n    .where('name', '=', param('name'))\n    .where('holder', '=', param('holder')),\n",
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'a holder trusts itself until others may take over, without a margin',
    breaks: 'trust',
    file: 'src/lease-keeping/lease-keeper.ts',
    edits: [
      [
        'return attemptedAt + this.#term.durationMilliseconds - this.#term.marginMilliseconds;',
        'return attemptedAt + this.#term.durationMilliseconds;',
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'the signal of a lost lease aborts when somebody asks, and not in time',
    breaks: 'trust',
    file: 'src/lease-keeping/lease-keeper.ts',
    edits: [
      [
        'const next = Math.min(this.#nextAttempt, this.#trustedUntil);',
        'const next = Math.min(this.#nextAttempt, Number.MAX_SAFE_INTEGER);',
      ],
    ],
    caughtBy: leaseKeeper,
  },
];
