import type { Mutation } from './mutations.ts';

const memory = 'src/backends/shared-memory';
const conformance = 'test/backends/shared-memory/shared-memory-session-cache.test.ts';
const opening = 'test/backends/shared-memory/open-shared-memory.test.ts';
const whenFull = 'test/backends/shared-memory/when-full.test.ts';
const processes = 'test/backends/shared-memory/processes.test.ts';
const choice = 'test/create-session-cache/create-session-cache.test.ts';

/** Bugs of what is kept in shared memory, and of the choice between places. */
export const sharedMemoryMutations: readonly Mutation[] = [
  {
    name: 'shared memory is read as of the beginning of the turn',
    breaks: 'revocation',
    file: `${memory}/shared-memory.ts`,
    edits: [
      ['    this.#environment.resetReadTxn();\n    try {', '    try {'],
      ['    } finally {\n      this.#environment.resetReadTxn();\n    }', '    }'],
    ],
    caughtBy: conformance,
  },
  {
    name: 'an invalidation in shared memory is not marked when there is no entry',
    breaks: 'fill',
    file: `${memory}/session-store.ts`,
    edits: [
      [
        'this.#memory.marks.mark([tokenHash]);\n      return this.#isLive(this.#tables.delete(tokenHash));',
        'const gone = this.#tables.delete(tokenHash);\n      if (gone !== undefined) this.#memory.marks.mark([tokenHash]);\n      return this.#isLive(gone);',
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a fill in shared memory does not ask for its user',
    breaks: 'fill',
    file: `${memory}/session-store.ts`,
    edits: [['[tokenHash, hashOfUser(session.userId)]', '[tokenHash]']],
    caughtBy: conformance,
  },
  {
    name: 'a fill in shared memory does not ask for a clear',
    breaks: 'fill',
    file: `${memory}/fence-marks.ts`,
    edits: [['[EVERYTHING, ...slots].some', 'slots.some']],
    caughtBy: conformance,
  },
  {
    name: 'an entry in shared memory is given at its expiry',
    breaks: 'expiry',
    file: `${memory}/session-tables.ts`,
    edits: [['expiryOf(entry) <= now ? null', 'expiryOf(entry) < now ? null']],
    caughtBy: conformance,
  },
  {
    name: 'what replaces an entry leaves the old ones in the indexes of shared memory',
    breaks: 'index',
    file: `${memory}/session-tables.ts`,
    edits: [['    this.delete(tokenHash);\n', '']],
    caughtBy: conformance,
  },
  {
    name: 'nothing leaves shared memory when it is full',
    breaks: 'size',
    file: `${memory}/session-store.ts`,
    edits: [['if (surplus === 0) return;', 'if (surplus >= 0) return;']],
    caughtBy: whenFull,
  },
  {
    name: 'what leaves shared memory is not marked',
    breaks: 'fill',
    file: `${memory}/session-store.ts`,
    edits: [['    this.#memory.marks.mark(leaving);\n', '']],
    caughtBy: whenFull,
  },
  {
    name: 'a reader that stands still is not noticed',
    breaks: 'size',
    file: `${memory}/memory-budget.ts`,
    edits: [['if (stopped === undefined) return;', 'if (stopped !== null) return;']],
    caughtBy: whenFull,
  },
  {
    name: 'the slot of a killed reader is not cleared',
    breaks: 'size',
    file: `${memory}/memory-budget.ts`,
    edits: [['    this.#environment.readerCheck();\n', '']],
    caughtBy: whenFull,
  },
  {
    name: 'somebody else’s folder is trusted',
    breaks: 'opening',
    file: `${memory}/private-folder.ts`,
    edits: [['found.isDirectory() && found.uid === userId &&', 'found.isDirectory() &&']],
    caughtBy: opening,
  },
  {
    name: 'a folder that others may enter is trusted',
    breaks: 'opening',
    file: `${memory}/private-folder.ts`,
    edits: [['(found.mode & NOT_FOR_OWNER) === 0;', 'true;']],
    caughtBy: opening,
  },
  {
    name: 'a symbolic link is followed to shared memory',
    breaks: 'opening',
    file: `${memory}/private-folder.ts`,
    edits: [
      [
        'assertOurs(folder, lstatSync(folder), surroundings)',
        'assertOurs(folder, statSync(folder), surroundings)',
      ],
    ],
    caughtBy: opening,
  },
  {
    name: 'a container shares the memory of another',
    breaks: 'opening',
    file: `${memory}/open-shared-memory.ts`,
    edits: [['if (found === pidNamespace) return;', 'if (found !== null) return;']],
    caughtBy: opening,
  },
  {
    name: 'a session is written to shared memory outside of its transaction',
    breaks: 'index',
    file: `${memory}/shared-memory.ts`,
    edits: [
      [
        'return this.#environment.transactionSync(() => {\n      this.#assertNewest();\n      return work();\n    });',
        'return work();',
      ],
    ],
    caughtBy: processes,
  },
  {
    name: 'a message shows the URL of a server',
    breaks: 'tokens',
    file: 'src/create-session-cache/read-choice.ts',
    edits: [['const scheme = /^[a-z][a-z0-9+.-]*:/i', 'const scheme = /^.*/']],
    caughtBy: choice,
  },
  {
    name: 'shared memory is opened while others write',
    breaks: 'revocation',
    file: `${memory}/open-shared-memory.ts`,
    edits: [['await entered.alone(OPEN_SECONDS, open)', 'await open()']],
    caughtBy: processes,
  },
  {
    name: 'shared memory is written to while others open it',
    breaks: 'revocation',
    file: `${memory}/shared-memory.ts`,
    edits: [['this.#gate.beside(() => this.#transact(work))', 'this.#transact(work)']],
    caughtBy: processes,
  },
  {
    name: 'what createSessionCache gives answers at once where the sessions are in a file',
    breaks: 'promises',
    file: 'src/create-session-cache/promised-session-cache.ts',
    edits: [['async get(', 'get(']],
    caughtBy: 'test/create-session-cache/promised-session-cache.test.ts',
  },
  {
    name: 'createSessionCache does not look at the deployment',
    breaks: 'guards',
    file: 'src/create-session-cache/create-session-cache.ts',
    edits: [['    checkDeployment(deployment);\n', '']],
    caughtBy: choice,
  },
  {
    name: 'what was opened stays open when the deployment is refused',
    breaks: 'resources',
    file: 'src/create-session-cache/create-session-cache.ts',
    edits: [['    await backends.close();\n', '']],
    caughtBy: choice,
  },
  {
    name: 'who ends without closing the memory destroys the locks under one that opens it',
    breaks: 'opening',
    file: 'src/waiting/at-end-of-thread.ts',
    edits: [['for (const each of ends) each();', '']],
    caughtBy: 'test/backends/shared-memory/end-of-process.test.ts',
  },
];
