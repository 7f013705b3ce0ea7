import { Script } from './script.ts';

/**
 * The keys, all behind the prefix:
 *
 * - `lease:<name>`: a hash, one term after the other. It has no expiry and is never deleted, or its tokens would begin anew.
 * - `leases`: the set of all names.
 * - `epoch`: made at random with the first lease. Another one, or none, tells that the server has lost what it had.
 *
 * Whether a term is the current one is decided by holder and token, and by no clock.
 */
export const LEASE_PRELUDE = `
local base = KEYS[1]
local clock = redis.call('TIME')
local microseconds = clock[1] * 1000000 + clock[2]
local function whole(number) return string.format('%.0f', number) end
local now = whole(math.floor(microseconds / 1000))
local function lease_key(name) return base .. 'lease:' .. name end
local function epoch() return redis.call('GET', base .. 'epoch') or '' end
local function is_current(name, token, holder)
  local term = redis.call('HMGET', lease_key(name), 'token', 'holder')
  return term[1] == token and term[2] == holder
end
`;

function script(body: string): Script {
  return new Script(`${LEASE_PRELUDE}${body}`);
}

/** ARGV: name. */
export const lookAtLease: Script = script(`
return { epoch(), now, redis.call('HGETALL', lease_key(ARGV[1])) }
`);

export const listLeases: Script = script(`
local leases = {}
for _, name in ipairs(redis.call('SMEMBERS', base .. 'leases')) do
  table.insert(leases, redis.call('HGETALL', lease_key(name)))
end
return { epoch(), now, leases }
`);

/**
 * Begins a term in place of one. ARGV: name; the token, holder and renewals of the one that is meant, each empty if there is none, and of renewals `*` for any number;
 * an epoch should there be none; a token that the new one must be higher than; holder, its description, reason, and duration in milliseconds.
 *
 * The token is not lower than the clock in microseconds either: a server that has lost its last writes, or all, does not give one a second time,
 * and setting its clock back does not make one fall. A safe integer until the year 2255.
 */
export const beginTerm: Script = script(`
local key = lease_key(ARGV[1])
local before = redis.call('HMGET', key, 'token', 'holder', 'renewals')
if (before[1] or '') ~= ARGV[2] or (before[2] or '') ~= ARGV[3] then return false end
if ARGV[4] ~= '*' and (before[3] or '') ~= ARGV[4] then return false end
redis.call('SET', base .. 'epoch', ARGV[5], 'NX')
local token = whole(math.max(tonumber(before[1] or '0') + 1, tonumber(ARGV[6]) + 1, microseconds))
redis.call('HSET', key, 'name', ARGV[1], 'token', token, 'holder', ARGV[7], 'instance', ARGV[8], 'reason', ARGV[9],
  'duration', ARGV[10], 'renewals', '0', 'acquired', now, 'renewed', now)
redis.call('SADD', base .. 'leases', ARGV[1])
return { epoch(), now, redis.call('HGETALL', key) }
`);

/** ARGV: name, token, holder. Whether that term is the current one. */
export const renewTerm: Script = script(`
if not is_current(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('HINCRBY', lease_key(ARGV[1]), 'renewals', 1)
redis.call('HSET', lease_key(ARGV[1]), 'renewed', now)
return 1
`);

/** ARGV: name, token, holder. Whether that term was the current one. */
export const releaseTerm: Script = script(`
if not is_current(ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('HSET', lease_key(ARGV[1]), 'holder', '')
return 1
`);
