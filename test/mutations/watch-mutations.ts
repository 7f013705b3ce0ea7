import type { Mutation } from './mutations.ts';

const sqlite = 'src/backends/sqlite';
const changeWatches = 'test/backends/sqlite/change-watches.test.ts';
const changeWatchChoice = 'test/backends/sqlite/change-watch-choice.test.ts';
const walIndexHeader = 'test/backends/sqlite/wal-index-header.test.ts';
const walIndexMapping = 'test/backends/sqlite/wal-index-mapping.test.ts';
const tokenSeats = 'test/backends/sqlite/token-seats.test.ts';
const seatClock = 'test/backends/sqlite/seat-clock.test.ts';
const clear = 'test/backends/sqlite/clear.test.ts';
const memory = 'test/backends/memory/in-memory-session-cache.test.ts';
const failures = 'test/backends/sqlite/failures.test.ts';

/** Bugs of the way in which reads from memory find a session, and learn of commits. */
export const watchMutations: readonly Mutation[] = [
  {
    name: 'of the WAL index the change counter alone is compared',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [
      [
        'Atomics.load(words, LAST_FRAME) !== this.#lastFrame ||\n      words[SALT_1] !== this.#salt1 ||\n      words[SALT_2] !== this.#salt2 ||\n      ',
        '',
      ],
    ],
    caughtBy: changeWatches,
  },
  {
    name: 'of the WAL index the number of the last frame alone is compared',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [
      [
        ' ||\n      words[SALT_1] !== this.#salt1 ||\n      words[SALT_2] !== this.#salt2 ||\n      words[CHANGE_COUNTER] !== this.#changeCounter',
        '',
      ],
    ],
    caughtBy: changeWatches,
  },
  {
    name: 'words of the WAL index are remembered before the change was dealt with',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [['if (!othersHave) this.#remember(this.#seen);', 'this.#remember(this.#seen);']],
    caughtBy: changeWatches,
  },
  {
    name: 'words of the WAL index are read after the pragma was asked',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [
      [
        'this.#seen = this.#connection.inTransaction ? null : readHeader(this.#source.words);\n    const othersHave = this.#dataVersion.hasChanged();',
        'const othersHave = this.#dataVersion.hasChanged();\n    this.#seen = this.#connection.inTransaction ? null : readHeader(this.#source.words);',
      ],
    ],
    caughtBy: changeWatches,
  },
  {
    name: 'words of the WAL index are remembered inside a transaction, which sees an older state',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [
      [
        'this.#connection.inTransaction ? null : readHeader(this.#source.words)',
        'readHeader(this.#source.words)',
      ],
    ],
    caughtBy: changeWatches,
  },
  {
    name: 'a header of the WAL index that is half written is taken for whole',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-header.ts`,
    edits: [['!== header[at]) return null;', '!== header[at]) continue;']],
    caughtBy: walIndexHeader,
  },
  {
    name: 'a WAL index of an unknown version is believed',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-header.ts`,
    edits: [['return header[VERSION] === KNOWN_VERSION && ', 'return ']],
    caughtBy: walIndexHeader,
  },
  {
    name: 'a -wal that goes while a database is opened counts as one that may not be read',
    breaks: 'opening',
    file: `${sqlite}/check-location.ts`,
    edits: [["return (error as NodeJS.ErrnoException).code === 'ENOENT';", 'return false;']],
    caughtBy: 'test/backends/sqlite/check-location.test.ts',
  },
  {
    name: 'a header of the WAL index that a writer is at is taken for one of another layout',
    breaks: 'opening',
    file: `${sqlite}/retry-while-busy.ts`,
    edits: [[' || error instanceof HalfWrittenHeaderError', '']],
    caughtBy: changeWatches,
  },
  {
    name: 'nobody makes the header whole that a writer was killed at',
    breaks: 'opening',
    file: `${sqlite}/choose-change-watch.ts`,
    edits: [['      dataVersion.hasChanged();\n', '']],
    caughtBy: changeWatches,
  },
  {
    name: 'a mapping is believed to be what it was asked to be',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-mapping.ts`,
    edits: [
      ['if (found?.inode === original.inode && !found.isDeleted) return view;', 'return view;'],
    ],
    caughtBy: changeWatchChoice,
  },
  {
    name: 'a database does not open where koffi is missing',
    breaks: 'opening',
    file: `${sqlite}/choose-change-watch.ts`,
    edits: [["if (changeWatch === 'wal-index') throw", 'throw']],
    caughtBy: changeWatchChoice,
  },
  {
    name: 'a database that is closed leaves its mapping behind',
    breaks: 'resources',
    file: `${sqlite}/database.ts`,
    edits: [['    this.#watch.close();\n', '']],
    caughtBy: walIndexMapping,
  },
  {
    name: 'a worker thread leaves its mapping behind',
    breaks: 'resources',
    file: `${sqlite}/wal-index-mapping.ts`,
    edits: [['isMainThread ? () => {} : atEndOfThread(() => this.close());', '() => {};']],
    caughtBy: walIndexMapping,
  },
  {
    name: 'a database that was dropped leaves its mapping behind',
    breaks: 'resources',
    file: `${sqlite}/wal-index-mapping.ts`,
    edits: [['    dropped.register(this, view.unmap, this);\n', '']],
    caughtBy: walIndexMapping,
  },
  {
    name: 'the WAL index is opened once more, and closed',
    breaks: 'resources',
    file: `${sqlite}/wal-index-mapping.ts`,
    edits: [
      [
        "import { isMainThread } from 'node:worker_threads';",
        "import { closeSync, openSync } from 'node:fs';\nimport { isMainThread } from 'node:worker_threads';",
      ],
      [
        'const view = mapAgain(',
        "closeSync(openSync(file + '-shm', 'r'));\n    const view = mapAgain(",
      ],
    ],
    caughtBy: walIndexMapping,
  },
  {
    name: 'tokens that end alike are taken for one',
    breaks: 'tokens',
    file: `${sqlite}/token-seats.ts`,
    edits: [['if (this.#tokens[seat] === token) return seat;', 'return seat;']],
    caughtBy: tokenSeats,
  },
  {
    name: 'a token whose place in the short cut is taken is not found',
    breaks: 'tokens',
    file: `${sqlite}/token-seats.ts`,
    edits: [['return this.#seats.get(token) ?? NOWHERE;', 'return NOWHERE;']],
    caughtBy: tokenSeats,
  },
  {
    name: 'who takes a seat is spared for whoever had it before',
    breaks: 'size',
    file: `${sqlite}/seat-clock.ts`,
    edits: [
      [
        '    this.#wasRead[seat] = false;\n    return seat;',
        '    this.#wasRead[seat] ??= false;\n    return seat;',
      ],
    ],
    caughtBy: seatClock,
  },
  {
    name: 'a session that is put again keeps its seat of before',
    breaks: 'revocation',
    file: `${sqlite}/near-cache.ts`,
    edits: [
      [
        'if (previous !== undefined) this.#remove(previous);\n    else if (this.#clock.isFull) {',
        'if (previous === undefined && this.#clock.isFull) {',
      ],
    ],
    caughtBy: 'test/backends/sqlite/near-cache-seats.test.ts',
  },
  {
    name: 'who has knocked once is remembered for ever',
    breaks: 'size',
    file: `${sqlite}/doorkeeper.ts`,
    edits: [['    if (this.#knocked.size >= this.#maxKeys) this.#knocked.clear();\n', '']],
    caughtBy: 'test/backends/sqlite/doorkeeper.test.ts',
  },
  {
    name: 'a clock that is set back puts off the look at the file',
    breaks: 'revocation',
    file: 'src/files/file-identity.ts',
    edits: [['return now >= this.#lookedAt && now', 'return now']],
    caughtBy: failures,
  },
  {
    name: 'the WAL index is read from its file on any filesystem',
    breaks: 'revocation',
    file: `${sqlite}/choose-change-watch.ts`,
    edits: [['  if (!hasLocalLocks(path.dirname(file), filesystemType)) return null;\n', '']],
    caughtBy: changeWatches,
  },
  {
    name: 'what is mapped is read after the database was closed',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-mapping.ts`,
    edits: [['    this.#words = NO_HEADER;\n', '']],
    caughtBy: walIndexMapping,
  },
  {
    name: 'a descriptor of the WAL index is believed for ever',
    breaks: 'revocation',
    file: `${sqlite}/wal-index-watch.ts`,
    edits: [['    this.#source.check();\n', '']],
    caughtBy: changeWatches,
  },
  {
    name: 'the near cache never takes a seat again that was given up',
    breaks: 'size',
    file: `${sqlite}/near-cache.ts`,
    edits: [['    this.#clock.vacate(seat);\n', '']],
    caughtBy: 'test/backends/sqlite/near-cache-seats.test.ts',
  },
  {
    name: 'a purge hides what fails on its thread',
    breaks: 'purging',
    file: `${sqlite}/purge-thread.ts`,
    edits: [["if (error.code?.startsWith('SQLITE_BUSY')) return", 'return']],
    caughtBy: clear,
  },
  {
    name: 'after a purge nothing waits for the write lock any more',
    breaks: 'waiting',
    file: `${sqlite}/database.ts`,
    edits: [['      this.#lockWaitSeconds = usual;\n', '']],
    caughtBy: clear,
  },
  {
    name: 'the connection of a lease.transaction can be used after it',
    breaks: 'fencing',
    file: `${sqlite}/fenced-connection.ts`,
    edits: [['      this.#isOpen = false;\n', '']],
    caughtBy: 'test/backends/sqlite/database-lease.test.ts',
  },
  {
    name: 'the first reader of a session with a Date gets a part of it frozen',
    breaks: 'values',
    file: 'src/session-values/freeze-deep.ts',
    edits: [['  found.add(value);\n', '  found.add(value);\n  Object.freeze(value);\n']],
    caughtBy: memory,
  },
  {
    name: 'who joins a load takes its "no" for its own',
    breaks: 'fill',
    file: 'src/session-loading/load-flights.ts',
    edits: [
      [
        'if (joined !== undefined && joined !== null) return joined.read();',
        'if (joined !== undefined) return joined?.read() ?? null;',
      ],
    ],
    caughtBy: memory,
  },
  {
    name: 'a -wal that has grown is never cut back',
    breaks: 'checkpoints',
    file: `${sqlite}/open-database.ts`,
    edits: [["  connection.pragma('journal_size_limit = 67108864');\n", '']],
    caughtBy: 'test/backends/sqlite/wal-checkpoints.test.ts',
  },
  {
    name: 'a file that is replaced while it is being opened is taken',
    breaks: 'opening',
    file: 'src/files/file-identity.ts',
    edits: [
      ['    this.#lookedAt = now;\n    this.#assertSame(file);\n', '    this.#lookedAt = now;\n'],
    ],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'a reader that gave up on a writer at the header is not taken for busy',
    breaks: 'opening',
    file: `${sqlite}/translate-error.ts`,
    edits: [['(BUSY|LOCKED|PROTOCOL)', '(BUSY|LOCKED)']],
    caughtBy: 'test/backends/sqlite/translate-error.test.ts',
  },
  {
    name: 'a cache is built on a database that was closed',
    breaks: 'opening',
    file: `${sqlite}/database.ts`,
    edits: [['  database.assertOpen();\n', '']],
    caughtBy: 'test/backends/sqlite/near-cache.test.ts',
  },
  {
    name: 'a missing loader is noticed when something is to be loaded',
    breaks: 'fill',
    file: 'src/session-loading/load-flights.ts',
    edits: [['    assertLoader(load);\n', '']],
    caughtBy: memory,
  },
  {
    name: 'a variable in another case is left unread',
    breaks: 'opening',
    file: 'src/create-session-cache/read-choice.ts',
    edits: [['    assertNoOtherCase(prefix, env);\n', '']],
    caughtBy: 'test/create-session-cache/create-session-cache.test.ts',
  },
];
