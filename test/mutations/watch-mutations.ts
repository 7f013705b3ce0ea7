import type { Mutation } from './mutations.ts';

/** Bugs of the way in which reads from memory learn of commits. */
export const watchMutations: readonly Mutation[] = [
  {
    name: 'words of the WAL index are compared without the salts',
    file: 'src/backends/sqlite/wal-index-watch.ts',
    edits: [
      [
        '      words[SALT_1] === this.#salt1 &&\n      words[SALT_2] === this.#salt2 &&\n      words[CHANGE_COUNTER] === this.#changeCounter\n',
        '      words[CHANGE_COUNTER] === this.#changeCounter\n',
      ],
    ],
    caughtBy: 'test/backends/sqlite/change-watches.test.ts',
  },
  {
    name: 'words of the WAL index are remembered although others have committed',
    file: 'src/backends/sqlite/wal-index-watch.ts',
    edits: [
      ['    if (!othersHave) this.#remember(this.#seen);\n', '    this.#remember(this.#seen);\n'],
    ],
    caughtBy: 'test/backends/sqlite/change-watches.test.ts',
  },
  {
    name: 'words of the WAL index are remembered inside a transaction',
    file: 'src/backends/sqlite/wal-index-watch.ts',
    edits: [['this.#connection.inTransaction ? null : readHeader', 'false ? null : readHeader']],
    caughtBy: 'test/backends/sqlite/change-watches.test.ts',
  },
  {
    name: 'a header of the WAL index that is half written passes for one',
    file: 'src/backends/sqlite/wal-index-header.ts',
    edits: [
      [
        'return isWhole && isDocumented(first) ? first : null;',
        'return isDocumented(first) ? first : null;',
      ],
    ],
    caughtBy: 'test/backends/sqlite/wal-index-header.test.ts',
  },
  {
    name: 'a WAL index of an unknown version is read',
    file: 'src/backends/sqlite/wal-index-header.ts',
    edits: [
      [
        'return header[VERSION] === KNOWN_VERSION && isInitialized === 1;',
        'return isInitialized === 1;',
      ],
    ],
    caughtBy: 'test/backends/sqlite/wal-index-header.test.ts',
  },
  {
    name: 'what is mapped is read after the database was closed',
    file: 'src/backends/sqlite/wal-index-mapping.ts',
    edits: [['    this.#words = GONE;\n', '']],
    caughtBy: 'test/backends/sqlite/wal-index-mapping.test.ts',
  },
];
