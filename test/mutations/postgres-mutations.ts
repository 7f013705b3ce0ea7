import type { Mutation } from './mutations.ts';

const postgres = 'src/backends/postgres';
const sessions = 'migrations/postgres/0001_sessions.sql';
const leases = 'migrations/postgres/0002_leases.sql';
const conformance = 'test/backends/postgres/postgres-session-cache.test.ts';
const leaseStore = 'test/backends/postgres/postgres-lease-store.test.ts';
const fencing = 'test/backends/postgres/fencing.test.ts';
const outages = 'test/backends/postgres/outages.test.ts';
const failover = 'test/backends/postgres/failover.test.ts';
const transactions = 'test/backends/postgres/transactions.test.ts';
const takeovers = 'test/backends/postgres/takeovers.test.ts';
const listening = 'test/backends/postgres/listening.test.ts';
const histories = 'test/faults/histories/histories-on-servers.test.ts';
const closing = 'test/backends/postgres/closing.test.ts';
const killedJobs = 'test/faults/jobs-on-servers.test.ts';
const firstTerms = 'test/backends/postgres/first-terms.test.ts';
const jobLedger = 'test/backends/postgres/postgres-job-ledger.test.ts';
const opening = 'test/backends/postgres/open-postgres.test.ts';

/** Bugs of what is kept in PostgreSQL: locks that are left out, clocks and positions that are believed too much. */
export const postgresMutations: readonly Mutation[] = [
  {
    name: 'PostgreSQL: a fill does not wait for invalidations of its token',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        'where f.bucket = :schema.token_bucket(p_token_hash) for share;',
        'where f.bucket = :schema.token_bucket(p_token_hash);',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: a fill goes in whatever was invalidated during its load',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        '    v_user <= p_fence_position\n    and v_token <= p_fence_position\n    and p_incarnation',
        '    p_incarnation',
      ],
    ],
    caughtBy: histories,
  },
  {
    name: 'PostgreSQL: a fill does not wait for invalidations of its user',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        "  perform pg_advisory_xact_lock_shared(':schema.fences'::regclass::oid::integer, :schema.user_bucket(p_user_hash));\n",
        '',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: a fill looks at its token before it waits',
    breaks: 'fill',
    file: sessions,
    edits: [['v_token <= p_fence_position', 'p_fence_position >= 0']],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: an invalidation deletes before it raises the fence',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        '  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);\n  removed := :schema.drop_sessions(null, array[p_token_hash]);\n',
        '  removed := :schema.drop_sessions(null, array[p_token_hash]);\n  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);\n',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: the first position of all is taken for drawn before it is',
    breaks: 'fill',
    file: sessions,
    edits: [["select nextval(':schema.fence_position');\n", '']],
    caughtBy: conformance,
  },
  {
    name: 'PostgreSQL: a fence from before a crash holds after it',
    breaks: 'fill',
    file: sessions,
    edits: [
      ['and p_incarnation = (select f.position from :schema.fences f where f.bucket = -1)', ''],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: a set asks no fence',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        '  if not :schema.fence_holds(p_token_hash, p_user_hash, p_incarnation, p_fence_position, p_generation) then\n    return false;',
        '  if p_generation is null then\n    return false;',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: what a user is dropped of is not fenced by token',
    breaks: 'fill',
    file: sessions,
    edits: [
      [
        '    perform :schema.raise_fences(array(select distinct :schema.token_bucket(t) from unnest(v_token_hashes) t));\n',
        '',
      ],
    ],
    caughtBy: conformance,
  },
  {
    name: 'PostgreSQL: a crash may undo an invalidation where commits do not wait for the disk',
    breaks: 'durability',
    file: sessions,
    edits: [["if current_setting('synchronous_commit') = 'off' then", 'if false then']],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: a crash may undo an invalidation by id',
    breaks: 'durability',
    file: sessions,
    edits: [
      [
        '  perform :schema.be_durable();\n  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);\n  removed := :schema.drop_sessions(p_user_hash, array',
        '  perform :schema.raise_fences(array[:schema.token_bucket(p_token_hash)]);\n  removed := :schema.drop_sessions(p_user_hash, array',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: any isolation level will do',
    breaks: 'fencing',
    file: sessions,
    edits: [
      [
        "if current_setting('transaction_isolation') <> 'read committed' then",
        "if current_setting('transaction_isolation') = '' then",
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: the setting of the server’s clock is not noticed',
    breaks: 'takeover',
    file: `${postgres}/term-watch.ts`,
    edits: [['return isComparable && elapsed >= 0 ? elapsed', 'return elapsed >= 0 ? elapsed']],
    caughtBy: leaseStore,
  },
  {
    name: 'PostgreSQL: a term is taken over though its holder has renewed it since the look',
    breaks: 'takeover',
    file: `${postgres}/lease-rows.ts`,
    edits: [
      [
        "\n      .$if(renewals !== undefined, (each) => each.where('renewals', '=', renewals ?? 0))",
        '',
      ],
    ],
    caughtBy: takeovers,
  },
  {
    name: 'PostgreSQL: a term is taken over though another standby was faster',
    breaks: 'takeover',
    file: `${postgres}/lease-rows.ts`,
    edits: [
      ["\n      .where('fencing_token', '=', fencingToken)\n", '\n'],
      ["      .where('holder', 'is not distinct from', holder)\n", ''],
    ],
    caughtBy: takeovers,
  },
  {
    name: 'PostgreSQL: of two first terms that begin in the same millisecond, one fails in place of waiting',
    breaks: 'takeover',
    file: `${postgres}/lease-rows.ts`,
    edits: [
      ['(conflict) => conflict.doNothing()', "(conflict) => conflict.column('name').doNothing()"],
    ],
    caughtBy: firstTerms,
  },
  {
    name: 'PostgreSQL: a job that two register at once is added without a look at the other',
    breaks: 'ticks',
    file: `${postgres}/job-rows.ts`,
    edits: [["      .onConflict((conflict) => conflict.column('name').doNothing())\n", '']],
    caughtBy: jobLedger,
  },
  {
    name: 'PostgreSQL: a commit under a lease is not fenced',
    breaks: 'fencing',
    file: leases,
    edits: [
      [
        "  if not found then\n    raise exception 'another term",
        "  if false then\n    raise exception 'another term",
      ],
    ],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a transaction under a lease is fenced at its beginning alone',
    breaks: 'fencing',
    file: `${postgres}/fenced-session.ts`,
    edits: [
      ['const { assert, ended } = this.#fence;', 'const { look: assert, ended } = this.#fence;'],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'PostgreSQL: a renewal that was asked for is not believed by its holder',
    breaks: 'trust',
    file: `${postgres}/postgres-lease.ts`,
    edits: [
      [
        '  async renew(): Promise<void> {\n    await this.#renew();',
        '  async renew(): Promise<void> {\n    this.#keeper.assertHeld();\n    const { calls, rows } = this.#parts;\n' +
          '    const now = await calls.within((signal) => rows.renew(this.#term, signal));\n    if (now === undefined) throw await this.#replaced();',
      ],
    ],
    caughtBy: leaseStore,
  },
  {
    name: 'PostgreSQL: a commit under a lease does not wait for a takeover under way',
    breaks: 'fencing',
    file: leases,
    edits: [['  for key share;\n', '  ;\n']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a renewal waits for a commit under the lease',
    breaks: 'trust',
    file: leases,
    edits: [['  for key share;\n', '  for update;\n']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a transaction outlives the term',
    breaks: 'fencing',
    file: `${postgres}/fenced-session.ts`,
    edits: [["    ended.addEventListener('abort', this.#onEnded);\n", '']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a transaction that could not begin stays open in the pool',
    breaks: 'resources',
    file: `${postgres}/fenced-session.ts`,
    edits: [['      if (!isTerm) await this.rollback();\n', '']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a statement that comes after the commit is made',
    breaks: 'fencing',
    file: `${postgres}/fenced-session.ts`,
    edits: [['    if (this.#hasEnded) throw this.#tooLate();\n', '']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a write of the ledger has no deadline',
    breaks: 'outage',
    file: `${postgres}/postgres-lease.ts`,
    edits: [
      [
        'this.#parts.calls.withinAgain((deadline) =>',
        'Promise.resolve(new AbortController().signal).then((deadline) =>',
      ],
    ],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: who listens waits for an answer without end',
    breaks: 'resources',
    file: `${postgres}/release-notices.ts`,
    edits: [['const LISTEN_SECONDS = 2;', 'const LISTEN_SECONDS = 2000;']],
    caughtBy: listening,
  },
  {
    name: 'PostgreSQL: work may end the transaction unnoticed',
    breaks: 'fencing',
    file: `${postgres}/fenced-session.ts`,
    edits: [['`release savepoint ', '`savepoint ']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: what waited for a connection until its deadline is sent after it',
    breaks: 'outage',
    file: `${postgres}/checkout.ts`,
    edits: [
      ['  if (signal.aborted) {\n    client.release();\n    throw signal.reason;\n  }\n', ''],
    ],
    caughtBy: outages,
  },
  {
    name: 'PostgreSQL: a connection on which a call hangs goes back to the pool',
    breaks: 'outage',
    file: `${postgres}/checkout.ts`,
    edits: [['checkout.end(signal.reason);', 'checkout.end();']],
    caughtBy: outages,
  },
  {
    name: 'PostgreSQL: a write waits for a lock without end',
    breaks: 'outage',
    file: sessions,
    edits: [["perform set_config('lock_timeout', p_lock_timeout_ms::text, true);", 'null;']],
    caughtBy: outages,
  },
  {
    name: 'PostgreSQL: a standby gives sessions',
    breaks: 'takeover',
    file: `${postgres}/session-statements.ts`,
    edits: [[' and not pg_is_in_recovery()', '']],
    caughtBy: failover,
  },
  {
    name: 'PostgreSQL: a transaction that is refused keeps its connection while it asks by whom',
    breaks: 'outage',
    file: `${postgres}/fenced-session.ts`,
    edits: [
      [
        '    this.#end();\n    return this.#fence.replaced();',
        '    return this.#fence.replaced();',
      ],
    ],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: who takes over counts ticks from now',
    breaks: 'ticks',
    file: `${postgres}/postgres-job-ledger.ts`,
    edits: [['new Date(known?.handledUntil ?? startAt)', 'new Date(startAt)']],
    caughtBy: killedJobs,
  },
  {
    name: 'PostgreSQL: who ends a run locks it before its job',
    breaks: 'ticks',
    file: `${postgres}/postgres-job-ledger.ts`,
    edits: [['      await rows.find(finished.job);\n', '']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: what the server says of a write of the ledger is told as it is',
    breaks: 'errors',
    file: `${postgres}/lease-calls.ts`,
    edits: [
      ['throw isServerError(error) ? translateError(error, unavailable) : error;', 'throw error;'],
    ],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: a parameter that cannot be sent passes for a server that is away',
    breaks: 'errors',
    file: `${postgres}/fenced-session.ts`,
    edits: [
      ['    if (isOfPg && this.#broken === null && this.#checkout !== null) return error;\n', ''],
    ],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: sets of a user pass by an invalidation that waits',
    breaks: 'outage',
    file: sessions,
    edits: [
      [
        "  perform pg_advisory_xact_lock_shared(':schema.fences'::regclass::oid::integer, :schema.user_bucket(p_user_hash));\n",
        '',
      ],
      [
        'where f.bucket = :schema.user_bucket(p_user_hash);',
        'where f.bucket = :schema.user_bucket(p_user_hash) for share;',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: each who finds no fences goes through all of them',
    breaks: 'outage',
    file: sessions,
    edits: [
      [
        '    if found then\n      insert into :schema.fences (bucket, position) select n, 0 from generate_series(0, 8191) n;\n    end if;',
        '    insert into :schema.fences (bucket, position) select n, 0 from generate_series(0, 8191) n on conflict do nothing;',
      ],
    ],
    caughtBy: fencing,
  },
  {
    name: 'PostgreSQL: a lease store closes without those that it is acquiring',
    breaks: 'takeover',
    file: `${postgres}/postgres-lease-store.ts`,
    edits: [['    await this.#own.settled();\n', '']],
    caughtBy: closing,
  },
  {
    name: 'PostgreSQL: a store that was given nothing fails to close while the server is away',
    breaks: 'errors',
    file: `${postgres}/postgres-lease-store.ts`,
    edits: [['await (isHolder ? releasing : releasing.catch(() => {}));', 'await releasing;']],
    caughtBy: closing,
  },
  {
    name: 'PostgreSQL: a term begins after its caller has gone',
    breaks: 'outage',
    file: leases,
    edits: [["  perform set_config('lock_timeout', p_milliseconds::text, true);\n", '']],
    caughtBy: closing,
  },
  {
    name: 'PostgreSQL: the app’s own migrations are waited for',
    breaks: 'opening',
    file: `${postgres}/one-schema-dialect.ts`,
    edits: [['  override async acquireMigrationLock(): Promise<void> {}\n', '']],
    caughtBy: opening,
  },
  {
    name: 'a term that is only on the server is waited for',
    breaks: 'takeover',
    file: 'src/lease-keeping/own-terms.ts',
    edits: [['if (holder !== this.#instanceId || ', 'if (holder !== null || ']],
    caughtBy: 'test/lease-keeping/own-terms.test.ts',
  },
  {
    name: 'a term that is being begun passes for one that nobody has',
    breaks: 'takeover',
    file: 'src/lease-keeping/own-terms.ts',
    edits: [['return ![...this.#beginning.values()].includes(name);', 'return true;']],
    caughtBy: 'test/lease-keeping/own-terms.test.ts',
  },
  {
    name: 'PostgreSQL: two calls on one job overtake each other',
    breaks: 'ticks',
    file: `${postgres}/job-rows.ts`,
    edits: [['      .forUpdate()\n', '']],
    caughtBy: transactions,
  },
  {
    name: 'PostgreSQL: the tables of others are looked through when the schema is made',
    breaks: 'opening',
    file: `${postgres}/one-schema-dialect.ts`,
    edits: [
      [
        'return new OneSchemaIntrospector(db, this.#schema);',
        'return new OneSchemaIntrospector(db, this.#schema) && new PostgresIntrospector(db);',
      ],
    ],
    caughtBy: opening,
  },
  {
    name: 'PostgreSQL: a wait for another migration ends as a statement of the app does',
    breaks: 'opening',
    file: `${postgres}/migrate.ts`,
    edits: [["    await client.query('set local statement_timeout = 0');\n", '']],
    caughtBy: opening,
  },
];
