import type { Mutation } from './mutations.ts';

/** Bugs of leases and of the clock that they go by. */
export const leaseMutations: readonly Mutation[] = [
  {
    name: 'a renewal counts from before the wait for the write lock',
    breaks: 'trust',
    file: 'src/backends/sqlite/new-term.ts',
    edits: [
      ['renewedMonotonic: clock.monotonic(),', 'renewedMonotonic: clock.monotonic() - 3000,'],
    ],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'work may leave its transaction and write on in another',
    breaks: 'fencing',
    file: 'src/backends/sqlite/database-lease.ts',
    edits: [['      this.#savepoint.end.run();\n', '']],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a release inside a transaction ends the term here and not in the file',
    breaks: 'fencing',
    file: 'src/backends/sqlite/database-lease.ts',
    edits: [['    database.assertOutsideTransaction();\n    const wasHeld', '    const wasHeld']],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a term that was lost by the clock stays in the file',
    breaks: 'fencing',
    file: 'src/backends/sqlite/database-lease.ts',
    edits: [
      [
        'const wasCurrent = database.write(() => rows.release(this.#term));',
        'const wasCurrent = wasHeld && database.write(() => rows.release(this.#term));',
      ],
    ],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a lease cannot be stolen once it was renewed',
    breaks: 'fencing',
    file: 'src/backends/sqlite/database-lease-store.ts',
    edits: [
      [
        'current.fencingToken === fencingToken,',
        'current.fencingToken === fencingToken && current.renewals === 0,',
      ],
    ],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a fencing token does not outlive a power cut',
    breaks: 'durability',
    file: 'src/backends/sqlite/database-lease-store.ts',
    edits: [["    }, 'power-loss');", '    });']],
    caughtBy: 'test/backends/sqlite/durability.test.ts',
  },
  {
    name: 'a token is given again by a file that was put back',
    breaks: 'fencing',
    file: 'src/backends/sqlite/new-term.ts',
    edits: [
      [
        'return Math.max((before ?? 0) + 1, now * TOKENS_PER_MILLISECOND);',
        'return (before ?? 0) + 1 + 0 * now * TOKENS_PER_MILLISECOND;',
      ],
    ],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'the lock of a dead holder is removed although a lease names it',
    breaks: 'takeover',
    file: 'src/backends/sqlite/process-locks.ts',
    edits: [
      [
        "if (isNamed(instanceId) || this.look(instanceId) !== 'free') continue;",
        "if (this.look(instanceId) !== 'free') continue;",
      ],
    ],
    caughtBy: 'test/backends/sqlite/process-locks.test.ts',
  },
  {
    name: 'a free lock is believed without proof',
    breaks: 'takeover',
    file: 'src/backends/sqlite/lock-trust.ts',
    edits: [
      [
        "return this.#isLocal && this.#records.areProved(this.#bootId) ? 'kernel' : 'suspect';",
        "return this.#isLocal ? 'kernel' : 'suspect';",
      ],
    ],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'caution is not asked for by anybody',
    breaks: 'takeover',
    file: 'src/backends/sqlite/term-watch.ts',
    edits: [
      [
        "return isTooSure ? { ...facts, trust: 'suspect' } : facts;",
        'return isTooSure ? facts : facts;',
      ],
    ],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'a renewal just before its end makes a dead holder look alive',
    breaks: 'takeover',
    file: 'src/backends/sqlite/term-watch.ts',
    edits: [['(freeBefore ?? this.#renewalsNow(row))', '(freeBefore ?? row.renewals)']],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'the clock of another boot is compared',
    breaks: 'takeover',
    file: 'src/backends/sqlite/judge-term.ts',
    edits: [
      [
        'const isComparable = row.bootId === bootId && row.renewedMonotonic <= now;',
        "const isComparable = bootId !== '' && row.renewedMonotonic <= now;",
      ],
    ],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'an error on renewal is taken for a success',
    breaks: 'trust',
    file: 'src/lease-keeping/lease-keeper.ts',
    edits: [
      ['      this.#lastFailure = error;\n', '      this.renewed(this.#clock.monotonic());\n'],
    ],
    caughtBy: 'test/lease-keeping/lease-keeper.test.ts',
  },
  {
    name: 'a term that is over is revived by a late answer',
    breaks: 'fencing',
    file: 'src/lease-keeping/lease-keeper.ts',
    edits: [
      ['    if (this.signal.aborted) return false;\n    if (this.#clock', '    if (this.#clock'],
    ],
    caughtBy: 'test/lease-keeping/lease-keeper.test.ts',
  },
  {
    name: 'a term lasts as long as the first one did',
    breaks: 'trust',
    file: 'src/backends/sqlite/lease-rows.ts',
    edits: [["        duration_milliseconds: eb.ref('excluded.duration_milliseconds'),\n", '']],
    caughtBy: 'test/backends/sqlite/database-lease-store.test.ts',
  },
  {
    name: 'a term in a file is taken over though it was renewed meanwhile',
    breaks: 'takeover',
    file: 'src/backends/sqlite/database-lease-store.ts',
    edits: [
      [
        '    found?.holder === current?.holder &&\n    found?.renewals === current?.renewals\n',
        '    found?.holder === current?.holder\n',
      ],
    ],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'others can read who the holder is before it has its lock',
    breaks: 'takeover',
    file: 'src/backends/sqlite/database-lease-store.ts',
    edits: [
      [
        '    // Before anybody can read that this instance is the holder.\n    this.#holdLock();\n',
        '',
      ],
      [
        '    if (row === null) return null;\n    const lease',
        '    if (row === null) return null;\n    this.#holdLock();\n    const lease',
      ],
    ],
    caughtBy: 'test/backends/sqlite/term-watch.test.ts',
  },
  {
    name: 'the monotonic clock is that on the wall',
    breaks: 'trust',
    file: 'src/contract/clock.ts',
    edits: [
      ['monotonic: () => monotonicStart + performance.now(),', 'monotonic: () => Date.now(),'],
    ],
    caughtBy: 'test/faults/wall-clock.test.ts',
  },
  {
    name: 'the monotonic clock keeps the offset of a time namespace',
    breaks: 'trust',
    file: 'src/contract/clock.ts',
    edits: [['return best.difference - offset;', 'return best.difference;']],
    caughtBy: 'test/contract/clock.test.ts',
  },
  {
    name: 'a lease that could not be released is not released with its store either',
    breaks: 'takeover',
    file: 'src/backends/sqlite/database-lease-store.ts',
    edits: [[' || this.#isStillNamed()', '']],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a store that is closed while the file is locked leaves a holder whose end nobody sees',
    breaks: 'takeover',
    file: 'src/backends/sqlite/process-locks.ts',
    edits: [['if (!isNamed) rmSync', 'rmSync']],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'a report that cannot be made ends the wait for the claim',
    breaks: 'takeover',
    file: 'src/guards/claim-single-instance.ts',
    edits: [['  if (isPassing) return null;\n', '']],
    caughtBy: 'test/guards/claim-single-instance.test.ts',
  },
];
