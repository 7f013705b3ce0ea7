import type { Mutation } from './mutations.ts';

const sqlite = 'src/backends/sqlite';
const powerCut = 'test/faults/power-cut/power-cut.test.ts';
const crash = 'test/faults/crash/crash.test.ts';
const refusedCalls = 'test/faults/outages/refused-calls.test.ts';
const filesBeside = 'test/faults/outages/files-beside.test.ts';
const lostRights = 'test/faults/outages/lost-rights.test.ts';
const hostileInput = 'test/properties/hostile-input.test.ts';
const hostileNames = 'test/properties/hostile-names.test.ts';

/** Bugs that show when the machine, the disk or somebody's input is at its worst. */
export const outageMutations: readonly Mutation[] = [
  {
    name: 'outage: no commit is synced',
    breaks: 'durability',
    file: `${sqlite}/database.ts`,
    edits: [
      ["if (durability === 'power-loss') this.connection.exec('pragma synchronous = full');", ''],
    ],
    caughtBy: powerCut,
  },
  {
    name: 'outage: a new term is not synced',
    breaks: 'fencing',
    file: `${sqlite}/database-lease-store.ts`,
    edits: [["      return begun;\n    }, 'power-loss');", '      return begun;\n    });']],
    caughtBy: powerCut,
  },
  {
    name: 'outage: the beginning of a tick is not synced',
    breaks: 'ticks',
    file: `${sqlite}/database-job-ledger.ts`,
    edits: [
      [
        "return this.#write(lease, 'power-loss', (now) => {\n      if (tick <=",
        "return this.#write(lease, 'process-crash', (now) => {\n      if (tick <=",
      ],
    ],
    caughtBy: powerCut,
  },
  {
    name: 'outage: an invalidation by user is not synced',
    breaks: 'durability',
    file: `${sqlite}/session-store.ts`,
    edits: [
      [
        '() => this.#dropped(userId, this.#rows.deleteOf(userId, exceptTokenHash)),\n      durability,',
        '() => this.#dropped(userId, this.#rows.deleteOf(userId, exceptTokenHash)),',
      ],
    ],
    caughtBy: powerCut,
  },
  {
    name: 'outage: nothing is synced at all, not even by a checkpoint',
    breaks: 'durability',
    file: `${sqlite}/open-database.ts`,
    edits: [
      ["connection.pragma('synchronous = normal');", "connection.pragma('synchronous = off');"],
    ],
    caughtBy: powerCut,
  },
  {
    name: 'outage: a purge takes what is live',
    breaks: 'purging',
    file: `${sqlite}/dead-rows.ts`,
    edits: [
      [
        "'<=', param('now'))\n      .orderBy('expires_at')",
        "'>', param('now'))\n      .orderBy('expires_at')",
      ],
    ],
    caughtBy: crash,
  },
  {
    name: 'outage: who survives does not read what a killed process has logged',
    breaks: 'revocation',
    file: `${sqlite}/change-feed.ts`,
    edits: [['for (const change of tail) {', 'for (const change of tail.slice(tail.length)) {']],
    caughtBy: crash,
  },
  {
    name: 'outage: a -shm that is gone is not noticed',
    breaks: 'revocation',
    file: `${sqlite}/database.ts`,
    edits: [["['-wal', '-shm']", "['-wal']"]],
    caughtBy: filesBeside,
  },
  {
    name: 'outage: a -wal that is gone is not noticed',
    breaks: 'revocation',
    file: `${sqlite}/database.ts`,
    edits: [["['-wal', '-shm']", "['-shm']"]],
    caughtBy: filesBeside,
  },
  {
    name: 'outage: a revocation looks for the files beside the file once a second only',
    breaks: 'revocation',
    file: `${sqlite}/database.ts`,
    edits: [
      ["if (durability === 'power-loss') this.#identity.assertSame();\n      else this", 'this'],
    ],
    caughtBy: filesBeside,
  },
  {
    name: 'outage: the file alone is looked at by writes',
    breaks: 'revocation',
    file: 'src/files/file-identity.ts',
    edits: [
      [
        'if (this.wasLookedAtLately(now)) this.#assertSame(this.#file);\n    else this.assertSameNowAndThen(now);',
        'this.#assertSame(this.#file);',
      ],
    ],
    caughtBy: filesBeside,
  },
  {
    name: 'outage: what the file system says of a look at the file is thrown as it is',
    breaks: 'errors',
    file: 'src/files/file-identity.ts',
    edits: [
      [
        "if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return null;\n    throw error;",
        'return null;',
      ],
    ],
    caughtBy: lostRights,
  },
  {
    name: 'outage: the rights on the -wal and the -shm are not looked at',
    breaks: 'opening',
    file: `${sqlite}/check-location.ts`,
    edits: [['if (isAllowed(each, constants', 'if (each !== file || isAllowed(each, constants']],
    caughtBy: lostRights,
  },
  {
    name: 'outage: no room for the -shm is not told as a full disk',
    breaks: 'errors',
    file: `${sqlite}/translate-error.ts`,
    edits: [["return code === 'SQLITE_IOERR_SHMSIZE' ? code : code", 'return code']],
    caughtBy: refusedCalls,
  },
  {
    name: 'hostile: a named property of an array is taken for an element',
    breaks: 'values',
    file: 'src/session-values/snapshot.ts',
    edits: [['Number(key) < length && String(Number(key)) === key', 'Number(key) < length']],
    caughtBy: hostileInput,
  },
  {
    name: 'hostile: a fraction is taken for the index of an element',
    breaks: 'values',
    file: 'src/session-values/snapshot.ts',
    edits: [['return /^\\d+$/.test(key) && Number(key)', 'return Number(key)']],
    caughtBy: hostileInput,
  },
  {
    name: 'hostile: what a getter throws is thrown on',
    breaks: 'errors',
    file: 'src/session-values/snapshot-session.ts',
    edits: [['throw isOnehostError(error) ? error : snapshot.unreadable(error);', 'throw error;']],
    caughtBy: hostileInput,
  },
  {
    name: 'hostile: the prototype of another class is not looked at',
    breaks: 'values',
    file: 'src/session-values/kinds-of-objects.ts',
    edits: [['if (prototype === null || !belongsTo(className, prototype)) return false;', '']],
    caughtBy: hostileInput,
  },
  {
    name: 'hostile: the name of a property is shown, whatever it is',
    breaks: 'tokens',
    file: 'src/contract/shown-key.ts',
    edits: [["return isName ? key : '…';", 'return isName ? key : key;']],
    caughtBy: hostileInput,
  },
  {
    name: 'hostile: the time of a tick is asked of the value itself',
    breaks: 'ticks',
    file: 'src/job-keeping/ledger-arguments.ts',
    edits: [
      [
        'types.isDate(date) ? Date.prototype.getTime.call(date) : Number.NaN',
        'types.isDate(date) ? date.getTime() : Number.NaN',
      ],
    ],
    caughtBy: hostileNames,
  },
];
