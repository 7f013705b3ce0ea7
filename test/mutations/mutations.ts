import type { Rule } from './rules.ts';

/** A bug as somebody might write it, and the tests that must notice. */
export interface Mutation {
  readonly name: string;
  readonly breaks: Rule;
  /** In src or migrations. */
  readonly file: string;
  /** Text that stands in the file exactly once, and what stands in its place. */
  readonly edits: readonly (readonly [find: string, replace: string])[];
  /** What is run; it must fail. A file of tests, or a script of package.json that begins with `check:`. */
  readonly caughtBy: string;
}

const sqlite = 'src/backends/sqlite';
const conformance = 'test/backends/sqlite/database-session-cache.test.ts';
const nearCache = 'test/backends/sqlite/near-cache.test.ts';
const changeFeed = 'test/backends/sqlite/change-feed.test.ts';
const histories = 'test/faults/histories/histories.test.ts';
const clear = 'test/backends/sqlite/clear.test.ts';
const sessionKeys = 'test/backends/sqlite/session-keys.test.ts';
const memory = 'test/backends/memory/in-memory-session-cache.test.ts';
const lockWait = 'test/backends/sqlite/lock-wait.test.ts';
const checkpoints = 'test/backends/sqlite/wal-checkpoints.test.ts';

export const mutations: readonly Mutation[] = [
  {
    name: 'the tail of the change log is not read',
    breaks: 'revocation',
    file: `${sqlite}/change-feed.ts`,
    edits: [['for (const change of tail) {', 'for (const change of tail.slice(tail.length)) {']],
    caughtBy: histories,
  },
  {
    name: 'a fill ignores its fence',
    breaks: 'fill',
    file: `${sqlite}/change-log.ts`,
    edits: [
      ['if (this.#selectRow.get(position) === undefined) return true;', ''],
      [
        'return this.#selectConcerning.get({ seq: position.seq, tokenHash, userId }) !== undefined;',
        'return false;',
      ],
    ],
    caughtBy: histories,
  },
  {
    name: 'the fence is taken after the load',
    breaks: 'fill',
    file: 'src/session-loading/load-flights.ts',
    edits: [
      [
        'const fence = await this.#target.openFence(token);',
        'let fence = await this.#target.openFence(token);',
      ],
      [
        'const loaded = await load(token);',
        'const loaded = await load(token);\n        fence = await this.#target.openFence(token);',
      ],
    ],
    caughtBy: histories,
  },
  {
    name: 'a fence whose row was trimmed is taken for good',
    breaks: 'fill',
    file: `${sqlite}/change-log.ts`,
    edits: [['if (this.#selectRow.get(position) === undefined) return true;', '']],
    caughtBy: nearCache,
  },
  {
    name: 'a tail whose beginning was trimmed is taken for whole',
    breaks: 'revocation',
    file: `${sqlite}/change-log.ts`,
    edits: [['known?.seq !== seq || known.mark !== mark || tail.length', 'tail.length']],
    caughtBy: nearCache,
  },
  {
    name: 'the change is acknowledged before the tail was read',
    breaks: 'revocation',
    file: `${sqlite}/change-feed.ts`,
    edits: [
      [
        'if (!this.#watch.hasChanged()) return false;',
        'if (!this.#watch.hasChanged()) return false;\n    this.#watch.acknowledge();',
      ],
    ],
    caughtBy: changeFeed,
  },
  {
    name: 'an own commit hides the commits of others before it',
    breaks: 'revocation',
    file: `${sqlite}/change-feed.ts`,
    edits: [
      [
        'if (position?.seq === this.#position.seq + 1 && !this.#mayBeBehind()) {',
        'if (position !== undefined) {',
      ],
    ],
    caughtBy: histories,
  },
  {
    name: 'the near cache answers without looking whether anything changed',
    breaks: 'revocation',
    file: `${sqlite}/database-session-cache.ts`,
    edits: [['if (this.#database.catchUp(now)) seat', 'if (false) seat']],
    caughtBy: conformance,
  },
  {
    name: 'an invalidation of what is not there is not logged',
    breaks: 'fill',
    file: `${sqlite}/session-store.ts`,
    edits: [
      ['          logged: [change],', '          logged: expiresAt === undefined ? [] : [change],'],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a load under way is not told of a logout everywhere else',
    breaks: 'fill',
    file: 'src/backends/memory/in-memory-session-cache.ts',
    edits: [
      [
        'this.#fences.userInvalidated(user);\n    const now',
        'if (exceptToken === undefined) this.#fences.userInvalidated(user);\n    const now',
      ],
    ],
    caughtBy: memory,
  },
  {
    name: 'a drop by user logs the user alone, and not the tokens',
    breaks: 'fill',
    file: `${sqlite}/session-store.ts`,
    edits: [
      [
        'logged: [{ userId }, ...entries.map(({ tokenHash }) => ({ tokenHash }))],',
        'logged: [{ userId }],',
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a drop by user logs the tokens alone, and not the user',
    breaks: 'fill',
    file: `${sqlite}/session-store.ts`,
    edits: [['logged: [{ userId }, ...entries', 'logged: [...entries']],
    caughtBy: conformance,
  },
  {
    name: 'a set in place of another is not logged',
    breaks: 'revocation',
    file: `${sqlite}/session-store.ts`,
    edits: [
      ['return previous === undefined ? [] : [{ tokenHash: previous.tokenHash }];', 'return [];'],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a set in place of another leaves it to the user that it was of',
    breaks: 'index',
    file: `${sqlite}/session-rows.ts`,
    edits: [["        user_id: eb.ref('excluded.user_id'),\n", '']],
    caughtBy: histories,
  },
  {
    name: 'a shortened life is not logged',
    breaks: 'expiry',
    file: `${sqlite}/session-store.ts`,
    edits: [['next.expiresAt < life.expiresAt || lengthOf(next)', 'lengthOf(next)']],
    caughtBy: conformance,
  },
  {
    name: 'a life that will be longer than before is not logged',
    breaks: 'expiry',
    file: `${sqlite}/session-store.ts`,
    edits: [[' || lengthOf(next) > lengthOf(life)', '']],
    caughtBy: nearCache,
  },
  {
    name: 'a touch goes by what is in memory, though others may have extended the session',
    breaks: 'expiry',
    file: `${sqlite}/database-session-cache.ts`,
    edits: [['isNear && near.lifetime(seat) < ttlSeconds * 1000 + 1;', 'isNear;']],
    caughtBy: nearCache,
  },
  {
    name: 'a cache that was closed goes on being told of changes',
    breaks: 'resources',
    file: `${sqlite}/database-session-cache.ts`,
    edits: [['    this.#database.changes.unsubscribe(this.#near);\n', '']],
    caughtBy: nearCache,
  },
  {
    name: 'a damaged file is migrated before it is looked through',
    breaks: 'opening',
    file: 'src/backends/sqlite/open-database.ts',
    edits: [
      ['  if (!isNew) await lookForDamage();\n', ''],
      ['  if (isNew) await lookForDamage();\n', '  await lookForDamage();\n'],
    ],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'a damaged file is found out at the first start alone',
    breaks: 'opening',
    file: `${sqlite}/soundness.ts`,
    edits: [['      noteUnsound(connection);\n', '']],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'a load in memory forgets who was revoked when there are many',
    breaks: 'fill',
    file: 'src/session-loading/process-fence.ts',
    edits: [['      else fence.refused = true;\n', '']],
    caughtBy: memory,
  },
  {
    name: 'a fill takes the place of what was set meanwhile',
    breaks: 'fill',
    file: `${sqlite}/session-store.ts`,
    edits: [['if (existing !== undefined && this.#isLive(existing)) {', 'if (false) {']],
    caughtBy: conformance,
  },
  {
    name: 'an entry is given at its expiry',
    breaks: 'expiry',
    file: `${sqlite}/session-store.ts`,
    edits: [['return entry.expiresAt > this.now();', 'return entry.expiresAt >= this.now();']],
    caughtBy: conformance,
  },
  {
    name: 'an entry in memory is given at its expiry',
    breaks: 'expiry',
    file: `${sqlite}/database-session-cache.ts`,
    edits: [['near.expiresAt(seat) > now', 'near.expiresAt(seat) >= now']],
    caughtBy: conformance,
  },
  {
    name: 'touch brings an expired entry back',
    breaks: 'expiry',
    file: `${sqlite}/session-store.ts`,
    edits: [
      ['return life !== undefined && this.#isLive(life) ? life : null;', 'return life ?? null;'],
      [
        'if (life === undefined || !this.#isLive(life)) return { result: null, logged: [] };',
        'if (life === undefined) return { result: null, logged: [] };',
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'exceptToken keeps nothing',
    breaks: 'index',
    file: `${sqlite}/session-rows.ts`,
    edits: [
      [
        "    .where('token_hash', 'is not', param('exceptTokenHash'))\n",
        "    .where((eb) => eb.or([eb('token_hash', 'is not', param('exceptTokenHash')), eb('token_hash', 'is not', null)]))\n",
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'transactions begin DEFERRED',
    breaks: 'revocation',
    file: `${sqlite}/database.ts`,
    edits: [["connection.prepare('begin immediate')", "connection.prepare('begin deferred')"]],
    caughtBy: histories,
  },
  {
    name: 'expired entries wait for a purge',
    breaks: 'size',
    file: `${sqlite}/session-store.ts`,
    edits: [['this.#dead.delete(now, REMOVED_BY_SET);', 'void REMOVED_BY_SET;']],
    caughtBy: conformance,
  },
  {
    name: 'an invalidation is not synced',
    breaks: 'durability',
    file: `${sqlite}/database.ts`,
    edits: [
      [
        "this.connection.exec('pragma synchronous = full');",
        "this.connection.exec('pragma synchronous = normal');",
      ],
    ],
    caughtBy: 'test/backends/sqlite/durability.test.ts',
  },
  {
    name: 'migrations run without a lock',
    breaks: 'opening',
    file: `${sqlite}/open-database.ts`,
    edits: [["connection.exec('begin exclusive')", "connection.exec('begin deferred')"]],
    caughtBy: 'test/backends/sqlite/opening-together.test.ts',
  },
  {
    name: 'a new file has the mode of the umask',
    breaks: 'opening',
    file: 'src/files/create-private-file.ts',
    edits: [["openSync(file, 'wx', 0o600)", "openSync(file, 'wx')"]],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'a newer schema is used as it is',
    breaks: 'opening',
    file: `${sqlite}/migrate.ts`,
    edits: [['if (unknown.length > 0) {', 'if (unknown.length > 99) {']],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'the newest change may be deleted',
    breaks: 'revocation',
    file: 'migrations/sqlite/0001_sessions.sql',
    edits: [['when old.seq = (select max(seq) from onehost_session_changes)', 'when 0']],
    caughtBy: nearCache,
  },
  {
    name: 'tokens are kept as they are',
    breaks: 'tokens',
    file: 'src/session-tokens/hash-token.ts',
    edits: [
      [
        "? hash('sha256', token)\n",
        "? Buffer.from(token.padEnd(32)).subarray(0, 32).toString('hex')\n",
      ],
    ],
    caughtBy: 'test/backends/sqlite/at-rest.test.ts',
  },
  {
    name: 'tokens with lone surrogates become one',
    breaks: 'tokens',
    file: 'src/session-tokens/hash-token.ts',
    edits: [['return token.isWellFormed()', 'return token.length > 0']],
    caughtBy: conformance,
  },
  {
    name: 'readers share a Date',
    breaks: 'values',
    file: 'src/session-values/held-session.ts',
    edits: [['this.#shared = isFrozen ? session : undefined;', 'this.#shared = session;']],
    caughtBy: memory,
  },
  {
    name: 'every caller loads for itself',
    breaks: 'fill',
    file: 'src/session-loading/load-flights.ts',
    edits: [['    this.#boarding.set(token, flight);\n', '']],
    caughtBy: memory,
  },
  {
    name: 'the index in memory keeps who was replaced',
    breaks: 'index',
    file: 'src/backends/memory/session-table.ts',
    edits: [
      [
        '        this.#forget(token, entry);\n        if',
        "        if (reason !== 'set') this.#forget(token, entry);\n        if",
      ],
    ],
    caughtBy: memory,
  },
  {
    name: 'a load brings back what was replaced in memory by a session that was evicted since',
    breaks: 'fill',
    file: 'src/backends/memory/in-memory-session-cache.ts',
    edits: [
      ['    this.#fences.tokenInvalidated(token);\n    if (expiresAt >', '    if (expiresAt >'],
    ],
    caughtBy: memory,
  },
  {
    name: 'an invalidation in memory forgets the loads under way',
    breaks: 'fill',
    file: 'src/session-loading/process-fence.ts',
    edits: [['if (fence.token === token) fence.refused = true;', 'void (fence.token === token);']],
    caughtBy: memory,
  },
  {
    name: 'a load may still be joined when it has ended',
    breaks: 'fill',
    file: 'src/session-loading/load-flights.ts',
    edits: [['        closeBoarding();\n', '']],
    caughtBy: memory,
  },
  {
    name: 'a file put back to an earlier state goes unnoticed',
    breaks: 'revocation',
    file: `${sqlite}/change-log.ts`,
    edits: [['known?.seq !== seq || known.mark !== mark ||', 'known?.seq !== seq ||']],
    caughtBy: nearCache,
  },
  {
    name: 'a view brings along the memory around it',
    breaks: 'values',
    file: 'src/session-values/snapshot.ts',
    edits: [['() => object.slice());', '() => object);']],
    caughtBy: 'test/backends/sqlite/at-rest.test.ts',
  },
  {
    name: 'a kept token keeps the header it was cut out of',
    breaks: 'tokens',
    file: 'src/session-tokens/own-string.ts',
    edits: [["return Buffer.from(text, 'utf16le').toString('utf16le');", 'return text;']],
    caughtBy: nearCache,
  },
  {
    name: 'the checks are made on the link, and not on the file it leads to',
    breaks: 'opening',
    file: `${sqlite}/open-database.ts`,
    edits: [['file: realFile(asked.file) };', 'file: (realFile(asked.file), asked.file) };']],
    caughtBy: 'test/backends/sqlite/open-database.test.ts',
  },
  {
    name: 'who listens is told before the caches are',
    breaks: 'revocation',
    file: `${sqlite}/change-feed.ts`,
    edits: [
      [
        '      this.#tell({});\n',
        "      this.#publishDropped('fell-behind');\n      this.#tell({});\n",
      ],
    ],
    caughtBy: nearCache,
  },
  {
    name: 'a session that is read once pushes out another',
    breaks: 'size',
    file: `${sqlite}/near-cache.ts`,
    edits: [['if (!this.#doorkeeper.admits(tokenHash)) return;', '']],
    caughtBy: nearCache,
  },
  {
    name: 'a long tail is cut off and taken for whole',
    breaks: 'revocation',
    file: `${sqlite}/change-log.ts`,
    edits: [['known.mark !== mark || tail.length > limit', 'known.mark !== mark']],
    caughtBy: nearCache,
  },
  {
    name: 'a replaced file goes unnoticed',
    breaks: 'revocation',
    file: 'src/files/file-identity.ts',
    edits: [['if (found === this.#opened.get(file)) return;', 'if (found !== null) return;']],
    caughtBy: 'test/backends/sqlite/failures.test.ts',
  },
  {
    name: 'every write is synced after a revocation',
    breaks: 'durability',
    file: `${sqlite}/database.ts`,
    edits: [
      [
        "this.connection.exec('pragma synchronous = normal');",
        "this.connection.exec('pragma synchronous = full');",
      ],
    ],
    caughtBy: 'test/backends/sqlite/failures.test.ts',
  },
  {
    name: 'a public id is the hash at rest',
    breaks: 'tokens',
    file: 'src/session-tokens/session-id.ts',
    edits: [["return hash('sha256', `", "return tokenHash.slice(0, 22) ?? hash('sha256', `"]],
    caughtBy: 'test/backends/sqlite/at-rest.test.ts',
  },
  {
    name: 'the contract imports a backend',
    breaks: 'layers',
    file: 'src/contract/clock.ts',
    edits: [
      [
        "/** The machine's clocks. */",
        "import '../backends/memory/session-table.ts';\n\n/** The machine's clocks. */",
      ],
    ],
    caughtBy: 'check:style',
  },
  {
    name: 'a session is found by the first bytes of its hash alone',
    breaks: 'tokens',
    file: `${sqlite}/session-rows.ts`,
    edits: [
      [
        "    .where('token_hash', '=', param('tokenHash'))\n    .where('generation', '=', current),\n);\n\nconst selectPlace",
        "    .where('generation', '=', current),\n);\n\nconst selectPlace",
      ],
    ],
    caughtBy: sessionKeys,
  },
  {
    name: 'a session whose place another took stays in the memory of others',
    breaks: 'revocation',
    file: `${sqlite}/session-store.ts`,
    edits: [['[{ tokenHash: previous.tokenHash }]', '[{ tokenHash }]']],
    caughtBy: sessionKeys,
  },
  {
    name: 'a session set after a clear stays in the generation that was left behind',
    breaks: 'values',
    file: `${sqlite}/session-rows.ts`,
    edits: [["        generation: eb.ref('excluded.generation'),\n", '']],
    caughtBy: conformance,
  },
  {
    name: 'clear begins no new generation',
    breaks: 'revocation',
    file: `${sqlite}/session-rows.ts`,
    edits: [
      ["eb('session_generation', '+', sql.lit(1))", "eb('session_generation', '+', sql.lit(0))"],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a get gives what was cleared',
    breaks: 'revocation',
    file: `${sqlite}/session-rows.ts`,
    edits: [
      [
        "    .where('token_hash', '=', param('tokenHash'))\n    .where('generation', '=', current),\n);\n\nconst selectPlace",
        "    .where('token_hash', '=', param('tokenHash'))\n    .where('generation', '=', sql.lit(1)),\n);\n\nconst selectPlace",
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'the list of a user shows what was cleared',
    breaks: 'index',
    file: `${sqlite}/session-rows.ts`,
    edits: [
      [
        "    .where(generation, '=', current)\n    .where('expires_at', '>', param('now'))",
        "    .where('expires_at', '>', param('now'))",
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'a statement by user goes through the sessions of all',
    breaks: 'index',
    file: `${sqlite}/session-generation.ts`,
    edits: [['sql<number>`+generation`', 'sql<number>`generation`']],
    caughtBy: clear,
  },
  {
    name: 'what was cleared stays in the file until it expires',
    breaks: 'size',
    file: `${sqlite}/dead-rows.ts`,
    edits: [['this.#deleteLeftBehind.run({ limit }).changes;', '0;']],
    caughtBy: clear,
  },
  {
    name: 'a purge takes what was set since the clear along',
    breaks: 'purging',
    file: `${sqlite}/dead-rows.ts`,
    edits: [
      [
        ".where('generation', '<', current).limit(param('limit'))",
        ".where('generation', '<=', current).limit(param('limit'))",
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'sessions that were cleared can be brought back',
    breaks: 'revocation',
    file: 'migrations/sqlite/0004_session_generations.sql',
    edits: [
      [
        'when new.session_generation < old.session_generation',
        'when new.session_generation < old.session_generation - 1',
      ],
    ],
    caughtBy: clear,
  },
  {
    name: 'a purge leaves it to whoever commits next to fold a WAL full of its pages',
    breaks: 'purging',
    file: `${sqlite}/purge-thread.ts`,
    edits: [['if (state.log < 800) return;', 'if (state.log >= 0) return;']],
    caughtBy: clear,
  },
  {
    name: 'a purge waits for other writers',
    breaks: 'purging',
    file: `${sqlite}/session-store.ts`,
    edits: [['this.#database.impatiently(0, () =>', 'this.#database.impatiently(1000, () =>']],
    caughtBy: clear,
  },
  {
    name: 'a slice of a purge takes as long as it takes',
    breaks: 'purging',
    file: 'src/session-purging/purge-in-slices.ts',
    edits: [['    size.adapt(took);\n', '']],
    caughtBy: 'test/purge-in-slices.test.ts',
  },
  {
    name: 'who has waited for long tries no more often than who has just come',
    breaks: 'waiting',
    file: `${sqlite}/lock-wait.ts`,
    edits: [['NEWCOMER * (1 - waited / RIPE)', 'NEWCOMER']],
    caughtBy: lockWait,
  },
  {
    name: 'a wait for the lock lasts longer than it may',
    breaks: 'waiting',
    file: `${sqlite}/lock-wait.ts`,
    edits: [['time.sleep(Math.min(pause, left));', 'time.sleep(pause);']],
    caughtBy: lockWait,
  },
  {
    name: 'a write that had begun is done again',
    breaks: 'waiting',
    file: `${sqlite}/database.ts`,
    edits: [
      [
        'result = this.#transact(work);',
        'result = retryWhileLocked(() => this.#transact(work), this.#lockWaitSeconds);',
      ],
    ],
    caughtBy: lockWait,
  },
  {
    name: 'a renewal waits for the lock as long as any write',
    breaks: 'waiting',
    file: `${sqlite}/database.ts`,
    edits: [['this.#lockWaitSeconds = lockWaitSeconds;', '']],
    caughtBy: lockWait,
  },
  {
    name: 'a checkpoint is made inside the commit that makes it due',
    breaks: 'checkpoints',
    file: `${sqlite}/wal-checkpoints.ts`,
    edits: [
      ['if (state.log >= TOO_LONG) this.#checkpoint();', 'if (state.log >= 0) this.#checkpoint();'],
    ],
    caughtBy: checkpoints,
  },
  {
    name: 'a long -wal is not begun anew by force',
    breaks: 'checkpoints',
    file: `${sqlite}/wal-checkpoints.ts`,
    edits: [['if (state.log >= LONG)', 'if (state.log < 0)']],
    caughtBy: checkpoints,
  },
  {
    name: 'a reader that goes on for long makes each look a checkpoint',
    breaks: 'checkpoints',
    file: `${sqlite}/wal-checkpoints.ts`,
    edits: [['return log >= this.#left + WORTHWHILE;', 'return true;']],
    caughtBy: checkpoints,
  },
  {
    name: 'a checkpoint that fails ends the process',
    breaks: 'checkpoints',
    file: `${sqlite}/wal-checkpoints.ts`,
    edits: [
      [
        '  try {\n    return statement.get() ?? null;\n  } catch {\n    return null;\n  }',
        '  return statement.get() ?? null;',
      ],
    ],
    caughtBy: checkpoints,
  },
];
