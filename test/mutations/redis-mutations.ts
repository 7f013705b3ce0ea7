import type { Mutation } from './mutations.ts';

const redis = 'src/backends/redis';
const sessions = 'test/backends/redis/redis-session-cache.test.ts';
const leases = 'test/backends/redis/redis-lease-store.test.ts';
const jobs = 'test/backends/redis/redis-job-ledger.test.ts';
const near = 'test/backends/redis/near-cache.test.ts';
const nearSessions = 'test/backends/redis/near-sessions.test.ts';
const sightings = 'test/backends/redis/term-sightings.test.ts';
const fences = 'test/backends/redis/fences.test.ts';
const outages = 'test/backends/redis/outages.test.ts';
const takeovers = 'test/backends/redis/takeovers.test.ts';
const severalServers = 'test/backends/redis/several-servers.test.ts';
const vanished = 'test/create-session-cache/vanished-server.test.ts';
const histories = 'test/faults/histories/histories-on-servers.test.ts';
const killedJobs = 'test/faults/jobs-on-servers.test.ts';
const deadlines = 'test/deadlines/shared-deadlines.test.ts';

/** Bugs of what is kept in Redis. */
export const redisMutations: readonly Mutation[] = [
  {
    name: 'an entry of an earlier generation is given',
    breaks: 'revocation',
    file: `${redis}/session-entry.ts`,
    edits: [['generation !== null && entry.startsWith(generation)', 'generation !== null']],
    caughtBy: sessions,
  },
  {
    name: 'Redis is told the expiry itself, at which it still gives the entry',
    breaks: 'expiry',
    file: `${redis}/session-scripts.ts`,
    edits: [["'PXAT', whole(expires - 1))", "'PXAT', whole(expires))"]],
    caughtBy: sessions,
  },
  {
    name: 'a touch that shortens a life does not tell Redis',
    breaks: 'expiry',
    file: `${redis}/session-scripts.ts`,
    edits: [["redis.call('PEXPIREAT', entry_key(ARGV[1]), whole(expires - 1))\n", '']],
    caughtBy: sessions,
  },
  {
    name: 'a fill is not refused for its user',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [[" or marked_after('u', user, position)", '']],
    caughtBy: sessions,
  },
  {
    name: 'a fill is not refused for its token',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [["marked_after('t', token, position) or ", '']],
    caughtBy: sessions,
  },
  {
    name: 'Redis: a fill goes in whatever was invalidated during its load',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [
      [
        "if marked_after('t', token, position) or marked_after('u', user, position) then return false end\n",
        '',
      ],
    ],
    caughtBy: histories,
  },
  {
    name: 'a fill takes a server that was emptied for the one before',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [
      [
        `if generation ~= string.sub(fence, 1, \${GENERATION_LENGTH}) then return false end\n`,
        'if not generation then begin_generation(string.sub(fence, 1, 16)) end\n',
      ],
    ],
    caughtBy: outages,
  },
  {
    name: 'two invalidations in one microsecond have one position',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [['math.max(last + 1, microseconds)', 'math.max(last, microseconds)']],
    caughtBy: fences,
  },
  {
    name: 'a token that passes to another user stays with the first',
    breaks: 'index',
    file: `${redis}/session-scripts.ts`,
    edits: [['if before and before.user == user then\n    created', 'if before then\n    created']],
    caughtBy: sessions,
  },
  {
    name: 'Redis: who takes over counts ticks from now',
    breaks: 'ticks',
    file: `${redis}/job-scripts.ts`,
    edits: [["return { 'ok', known[3] or start,", "return { 'ok', start,"]],
    caughtBy: killedJobs,
  },
  {
    name: 'Redis: a store waits for a term that it was not told of',
    breaks: 'takeover',
    file: `${redis}/redis-lease-store.ts`,
    edits: [["const reason = isOrphan ? 'released' : whyTakeOver", 'const reason = whyTakeOver']],
    caughtBy: takeovers,
  },
  {
    name: 'an index outlives its sessions',
    breaks: 'index',
    file: `${redis}/session-scripts.ts`,
    edits: [["  redis.call('PEXPIREAT', key, whole(tonumber(last[2]) - 1))\n", '']],
    caughtBy: outages,
  },
  {
    name: 'an index goes before a session that was touched',
    breaks: 'index',
    file: `${redis}/session-scripts.ts`,
    edits: [['index(header.user, ARGV[1], expires)\nreturn 1', 'return 1']],
    caughtBy: sessions,
  },
  {
    name: 'what a clear left is not removed',
    breaks: 'size',
    file: `${redis}/session-scripts.ts`,
    edits: [["redis.call('SET', base .. 'sweep', '0')\n", '']],
    caughtBy: outages,
  },
  {
    name: 'a server that evicts is taken',
    breaks: 'opening',
    file: `${redis}/check-server.ts`,
    edits: [["policy !== 'noeviction'", "policy === 'no'"]],
    caughtBy: outages,
  },
  {
    name: 'a script that the server forgot is an error',
    breaks: 'outage',
    file: `${redis}/script.ts`,
    edits: [['if (!isUnknownScript(error)) throw error;', 'if (!isUnknownScript(1)) throw error;']],
    caughtBy: outages,
  },
  {
    name: 'a script is carried out on a server of a Cluster that half of the keys have come to',
    breaks: 'revocation',
    file: `${redis}/script.ts`,
    edits: [["['2', key, absent(key), ...args]", "['1', key, ...args]"]],
    caughtBy: severalServers,
  },
  {
    name: 'a replica is asked',
    breaks: 'revocation',
    file: `${redis}/check-server.ts`,
    edits: [["read('role') === 'slave'", "read('role') === ''"]],
    caughtBy: outages,
  },
  {
    name: 'a server that could not be asked is taken for the same when it answers again',
    breaks: 'revocation',
    file: `${redis}/server-commands.ts`,
    edits: [['if (translated instanceof Unavailable) this.#checked = null;', '']],
    caughtBy: outages,
  },
  {
    name: 'a client that has connected anew is taken to lead to the same server',
    breaks: 'revocation',
    file: `${redis}/redis-client.ts`,
    edits: [['return client.isReady === true ? client.socketEpoch : null;', 'return 0;']],
    caughtBy: outages,
  },
  {
    name: 'a session counts that came by another connection than was looked at',
    breaks: 'revocation',
    file: `${redis}/server-commands.ts`,
    edits: [
      [
        'connectionOf(this.#client) === connection ? answer : this.command(command, signal),',
        'connection < 0 ? this.command(command, signal) : answer,',
      ],
    ],
    caughtBy: outages,
  },
  {
    name: 'what a script found counts though it came by another connection than was looked at',
    breaks: 'revocation',
    file: `${redis}/server-commands.ts`,
    edits: [['if (connectionOf(this.#client) !== checked) await this.#check(signal);', '']],
    caughtBy: outages,
  },
  {
    name: 'a set that a client of a Sentinel sends again is carried out again',
    breaks: 'revocation',
    file: `${redis}/session-scripts.ts`,
    edits: [["if ARGV[6] ~= '' and not", 'if false and not']],
    caughtBy: severalServers,
  },
  {
    name: 'the connection to a machine that vanished is kept',
    breaks: 'outage',
    file: 'src/create-session-cache/redis-heartbeat.ts',
    edits: [['++this.#waiting >= PATIENCE_BEATS', '++this.#waiting < 0']],
    caughtBy: vanished,
  },
  {
    name: 'a process that was stopped gives up the connection to a server that has answered',
    breaks: 'outage',
    file: 'src/create-session-cache/redis-heartbeat.ts',
    edits: [
      ['this.#waiting = 0;', 'this.#waiting = this.#clock.monotonic();'],
      [
        'else if (++this.#waiting >= PATIENCE_BEATS)',
        'else if (this.#clock.monotonic() - this.#waiting >= PATIENCE_BEATS * BEAT_MILLISECONDS)',
      ],
    ],
    caughtBy: vanished,
  },
  {
    name: 'a server that never greets is waited for',
    breaks: 'outage',
    file: 'src/create-session-cache/in-redis.ts',
    edits: [[', socketTimeout: SILENCE_MILLISECONDS', '']],
    caughtBy: vanished,
  },
  {
    name: 'a near cache trusts a connection that leads to another server than the app’s',
    breaks: 'stale',
    file: `${redis}/tracking-connection.ts`,
    edits: [['if (!isOnePrimary(theirs, ours)) {', 'if (theirs === ours) {']],
    caughtBy: near,
  },
  {
    name: 'a near cache asks only once where the app’s client leads to',
    breaks: 'stale',
    file: `${redis}/tracking-connection.ts`,
    edits: [
      [
        'return this.#verified !== null && this.#verified === connectionOf(this.#app);',
        'return this.#verified !== null;',
      ],
    ],
    caughtBy: near,
  },
  {
    name: 'a near cache stays where the app’s client does not lead to any more',
    breaks: 'outage',
    file: `${redis}/tracking-connection.ts`,
    edits: [['      this.#reconnect();\n', '']],
    caughtBy: near,
  },
  {
    name: 'a near cache reads another database than the app’s client',
    breaks: 'values',
    file: `${redis}/server-identity.ts`,
    edits: [['    areEqual(one.database, other.database) &&\n', '']],
    caughtBy: near,
  },
  {
    name: 'a near cache is moved to another connection by an announced maintenance',
    breaks: 'stale',
    file: `${redis}/tracking-connection.ts`,
    edits: [["      maintNotifications: 'disabled',\n", '']],
    caughtBy: near,
  },
  {
    name: 'a renewal is counted back from the beginning of the look that found it',
    breaks: 'trust',
    file: `${redis}/term-sightings.ts`,
    edits: [[': endedAt -\n', ': begunAt -\n']],
    caughtBy: sightings,
  },
  {
    name: 'what waits to be sent is sent after its deadline',
    breaks: 'outage',
    file: `${redis}/redis-client.ts`,
    edits: [['    abortSignal,\n    timeout: 0,', '    timeout: 0,']],
    caughtBy: outages,
  },
  {
    name: 'a near cache trusts a connection that it has not heard',
    breaks: 'stale',
    file: `${redis}/tracking-connection.ts`,
    edits: [['< STALE_SECONDS * 1000;', '< STALE_SECONDS * 1e6;']],
    caughtBy: near,
  },
  {
    name: 'a near cache is not told of an invalidation, and goes on trusting what it has',
    breaks: 'stale',
    file: `${redis}/near-sessions.ts`,
    edits: [
      [
        'if (key.startsWith(entryKey)) this.drop(key.slice(entryKey.length));',
        'if (key.startsWith(entryKey)) return;',
      ],
    ],
    caughtBy: sessions,
  },
  {
    name: 'a touch across a network sets what it has read',
    breaks: 'revocation',
    file: 'src/remote-sessions/remote-session-cache.ts',
    edits: [
      [
        '    return this.#deadlines.within((signal) => store.extend(hashToken(token), ttlSeconds, signal));',
        '    void store;\n    const session = await this.get(token);\n    if (session === null) return false;\n    await this.set(token, session, ttlSeconds);\n    return true;',
      ],
    ],
    caughtBy: sessions,
  },
  {
    name: 'a near cache counts from the answer and not from the question',
    breaks: 'stale',
    file: `${redis}/tracking-connection.ts`,
    edits: [['this.#heardAt = askedAt;', 'this.#heardAt = this.#clock.monotonic();']],
    caughtBy: near,
  },
  {
    name: 'a near cache keeps what it has when the connection is lost',
    breaks: 'stale',
    file: `${redis}/near-sessions.ts`,
    edits: [['lost: () => this.dropAll(),', 'lost: () => {},']],
    caughtBy: near,
  },
  {
    name: 'a near cache is not told of a clear',
    breaks: 'stale',
    file: `${redis}/near-sessions.ts`,
    edits: [['        else this.dropAll();\n', '']],
    caughtBy: near,
  },
  {
    name: 'a near cache keeps an answer that was overtaken',
    breaks: 'stale',
    file: `${redis}/near-sessions.ts`,
    edits: [['if (!reading.isOvertaken) {', 'if (reading !== null) {']],
    caughtBy: nearSessions,
  },
  {
    name: 'a near cache gives what this process has ended until it is told',
    breaks: 'revocation',
    file: `${redis}/near-session-store.ts`,
    edits: [['      this.#near.drop(tokenHash);\n', '']],
    caughtBy: near,
  },
  {
    name: 'a near cache gives what has expired',
    breaks: 'expiry',
    file: `${redis}/near-sessions.ts`,
    edits: [['this.#connection.serverTime() < near.expiresAt', 'near.expiresAt > 0']],
    caughtBy: nearSessions,
  },
  {
    name: 'a standby never finds that a renewal is overdue, since it takes each look for the first',
    breaks: 'takeover',
    file: `${redis}/term-sightings.ts`,
    edits: [['const renewedAt = isSame', 'const renewedAt = isSame && name === ""']],
    caughtBy: sightings,
  },
  {
    name: 'a standby believes of a clock what its own looks rule out',
    breaks: 'takeover',
    file: `${redis}/term-sightings.ts`,
    edits: [['last?.lastLookAt ?? Number.NEGATIVE_INFINITY', 'Number.NEGATIVE_INFINITY']],
    caughtBy: sightings,
  },
  {
    name: 'a term is renewed by the holder’s id alone',
    breaks: 'fencing',
    file: `${redis}/lease-scripts.ts`,
    edits: [['term[1] == token and term[2] == holder', 'term[2] == holder']],
    caughtBy: leases,
  },
  {
    name: 'a term in Redis lasts as long as the first one did',
    breaks: 'trust',
    file: `${redis}/lease-scripts.ts`,
    edits: [
      ["\n  'duration', ARGV[10], 'renewals'", "\n  'renewals'"],
      [
        "redis.call('SADD', base .. 'leases', ARGV[1])",
        "redis.call('HSETNX', key, 'duration', ARGV[10])\nredis.call('SADD', base .. 'leases', ARGV[1])",
      ],
    ],
    caughtBy: leases,
  },
  {
    name: 'a token is the next number',
    breaks: 'fencing',
    file: `${redis}/lease-scripts.ts`,
    edits: [[', tonumber(ARGV[6]) + 1, microseconds', '']],
    caughtBy: outages,
  },
  {
    name: 'a store forgets the tokens it has seen',
    breaks: 'fencing',
    file: `${redis}/lease-scripts.ts`,
    edits: [[', tonumber(ARGV[6]) + 1', '']],
    caughtBy: outages,
  },
  {
    name: 'a term is taken over in place of another than was looked at',
    breaks: 'takeover',
    file: `${redis}/lease-scripts.ts`,
    edits: [["if (before[1] or '') ~= ARGV[2] or", 'if']],
    caughtBy: leases,
  },
  {
    name: 'a term is taken over though its holder has renewed it since the look',
    breaks: 'takeover',
    file: `${redis}/lease-scripts.ts`,
    edits: [["if ARGV[4] ~= '*' and (before[3] or '') ~= ARGV[4] then return false end\n", '']],
    caughtBy: takeovers,
  },
  {
    name: 'a term is taken over though another standby was faster',
    breaks: 'takeover',
    file: `${redis}/lease-scripts.ts`,
    edits: [
      [
        "if (before[1] or '') ~= ARGV[2] or (before[2] or '') ~= ARGV[3] then return false end\n",
        '',
      ],
    ],
    caughtBy: takeovers,
  },
  {
    name: 'a ledger writes without a look at the term',
    breaks: 'fencing',
    file: `${redis}/job-scripts.ts`,
    edits: [['if not is_current(lease, token, holder) then', 'if false then']],
    caughtBy: jobs,
  },
  {
    name: 'a tick that was set back begins again',
    breaks: 'ticks',
    file: `${redis}/job-scripts.ts`,
    edits: [
      ["if redis.call('HEXISTS', runs_key(job), tick) == 1 then return { 'ok', 0 } end\n", ''],
    ],
    caughtBy: jobs,
  },
  {
    name: 'a ledger forgets which ticks began when it lets go of their records',
    breaks: 'ticks',
    file: `${redis}/job-scripts.ts`,
    edits: [["      redis.call('HSET', job_key(job), 'pruned', tick)\n", '']],
    caughtBy: jobs,
  },
  {
    name: 'a fill is believed however long its load took',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [[`or age > \${FENCE_MILLISECONDS} `, '']],
    caughtBy: fences,
  },
  {
    name: 'a fill is believed after the clock was set back',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [['if age < 0 or', 'if']],
    caughtBy: fences,
  },
  {
    name: 'a position is a time, and falls with the clock',
    breaks: 'fill',
    file: `${redis}/session-scripts.ts`,
    edits: [['math.max(last + 1, microseconds)', 'microseconds']],
    caughtBy: fences,
  },
  {
    name: 'a call has the deadline of one that began long before',
    breaks: 'outage',
    file: 'src/deadlines/shared-deadlines.ts',
    edits: [['const SHARED_SHARE = 1 / 32;', 'const SHARED_SHARE = 1;']],
    caughtBy: deadlines,
  },
];
