import { Script } from './script.ts';
import { GENERATION_LENGTH, HEADER_LENGTH, TOUCHED_AT, USER_LENGTH } from './session-entry.ts';

/** How long a load may take for its fill to be believed. */
const FENCE_MILLISECONDS = 10 * 60 * 1000;

/** How long it is known that a token or user was invalidated: for every load that is believed, and as much again for a clock that is set. */
const MARK_MILLISECONDS = 2 * FENCE_MILLISECONDS;

/** How long it is known that a `set` was carried out: longer than the longest deadline, until which its client may send it again. */
const PUT_MILLISECONDS = 2 * 60 * 1000;

/** How many keys each `set` looks at while a `clear` has left something to be removed. */
const SWEPT_BY_SET = 10;

/**
 * The keys, all behind the prefix:
 *
 * - `generation`: of the entries that are there for readers; random, so that none comes twice.
 * - `s:<token hash>`: an entry, which the server removes when it expires.
 * - `u:<user>`: a sorted set of the user's token hashes by expiry, which expires with the last of them. What it names counts only if there is
 *   such an entry, and it is this user's: the set may name too much for a while, and never too little.
 * - `position`: of the newest invalidation. Not lower than the clock in microseconds, so that a server that has lost its last writes does not give
 *   a position twice.
 * - `m:t:<token hash>`, `m:u:<user>`: the position at which the token or user was invalidated last. They outlive every load.
 * - `put:<mark>`: a `set` whose client may send it again was carried out. An invalidation that came between the two is not undone by the second.
 * - `sweep`: how far the removal of what `clear` has left has come.
 *
 * Redis gives what expires "at" a time until after it; so it is told the millisecond before.
 */
const PRELUDE = `
local base = KEYS[1]
local clock = redis.call('TIME')
local microseconds = clock[1] * 1000000 + clock[2]
local now = math.floor(microseconds / 1000)
local generation = redis.call('GET', base .. 'generation')

local function whole(number) return string.format('%.0f', number) end
local function wide(number) return string.format('%016.0f', number) end
local function entry_key(token) return base .. 's:' .. token end
local function user_key(user) return base .. 'u:' .. user end

local function header_of(token)
  local header = redis.call('GETRANGE', entry_key(token), 0, ${HEADER_LENGTH - 1})
  if not generation or string.sub(header, 1, ${GENERATION_LENGTH}) ~= generation then return nil end
  return {
    user = string.sub(header, ${GENERATION_LENGTH + 1}, ${GENERATION_LENGTH + USER_LENGTH}),
    created = tonumber(string.sub(header, ${GENERATION_LENGTH + USER_LENGTH + 1}, ${TOUCHED_AT})),
  }
end

local function expiry_after(milliseconds)
  return math.min(math.ceil(microseconds / 1000 + milliseconds), 8640000000000000)
end

local function index(user, token, expires)
  local key = user_key(user)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', whole(now))
  redis.call('ZADD', key, whole(expires), token)
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  redis.call('PEXPIREAT', key, whole(tonumber(last[2]) - 1))
end

local function begin_generation(new)
  generation = new
  redis.call('SET', base .. 'generation', new)
end

local function put(token, user, milliseconds, payload)
  local before = header_of(token)
  local created = now
  if before and before.user == user then
    created = before.created
  elseif before then
    redis.call('ZREM', user_key(before.user), token)
  end
  local expires = expiry_after(milliseconds)
  redis.call('SET', entry_key(token),
    generation .. user .. wide(created) .. wide(now) .. wide(expires) .. payload,
    'PXAT', whole(expires - 1))
  index(user, token, expires)
end

local function next_position()
  local last = tonumber(redis.call('GET', base .. 'position') or '0')
  local position = whole(math.max(last + 1, microseconds))
  redis.call('SET', base .. 'position', position)
  return position
end

local function mark(kind, of, position)
  redis.call('SET', base .. 'm:' .. kind .. ':' .. of, position, 'PX', ${MARK_MILLISECONDS})
end

local function marked_after(kind, of, position)
  return tonumber(redis.call('GET', base .. 'm:' .. kind .. ':' .. of) or '0') > position
end

local function drop(token, header)
  redis.call('DEL', entry_key(token))
  redis.call('ZREM', user_key(header.user), token)
end

local function sweep(count)
  local cursor = redis.call('GET', base .. 'sweep')
  if not cursor then return 0, 1 end
  local found = redis.call('SCAN', cursor, 'MATCH', base .. 's:*', 'COUNT', count)
  local removed = 0
  for _, key in ipairs(found[2]) do
    if redis.call('GETRANGE', key, 0, ${GENERATION_LENGTH - 1}) ~= generation then
      removed = removed + redis.call('UNLINK', key)
    end
  end
  if found[1] == '0' then redis.call('DEL', base .. 'sweep') else redis.call('SET', base .. 'sweep', found[1]) end
  return removed, found[1] == '0' and 1 or 0
end
`;

function script(body: string): Script {
  return new Script(`${PRELUDE}${body}`);
}

/** ARGV: token hash, user, milliseconds to live, payload, a generation should there be none, a mark of this call or nothing. */
export const putSession: Script = script(`
if ARGV[6] ~= '' and not redis.call('SET', base .. 'put:' .. ARGV[6], '1', 'NX', 'PX', ${PUT_MILLISECONDS}) then return 1 end
if not generation then begin_generation(ARGV[5]) end
put(ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4])
sweep(${SWEPT_BY_SET})
return 1
`);

/** ARGV: a generation should there be none. Gives generation, position and time: what has to be as it was at the fill. */
export const openFence: Script = script(`
if not generation then begin_generation(ARGV[1]) end
local position = tonumber(redis.call('GET', base .. 'position') or '0')
return generation .. wide(position) .. wide(now)
`);

/** ARGV: token hash, user, milliseconds to live, payload, fence. Gives 1 if it was kept, the entry that is there already, or nothing if refused. */
export const fillSession: Script = script(`
local token, user, fence = ARGV[1], ARGV[2], ARGV[5]
if generation ~= string.sub(fence, 1, ${GENERATION_LENGTH}) then return false end
local position = tonumber(string.sub(fence, ${GENERATION_LENGTH + 1}, ${GENERATION_LENGTH + 16}))
local age = now - tonumber(string.sub(fence, ${GENERATION_LENGTH + 17}))
if age < 0 or age > ${FENCE_MILLISECONDS} then return false end
if marked_after('t', token, position) or marked_after('u', user, position) then return false end
if header_of(token) then return redis.call('GET', entry_key(token)) end
put(token, user, tonumber(ARGV[3]), ARGV[4])
return 1
`);

/** ARGV: token hash, milliseconds to live. Whether there was an entry. */
export const extendSession: Script = script(`
local header = header_of(ARGV[1])
if not header then return 0 end
local expires = expiry_after(tonumber(ARGV[2]))
redis.call('SETRANGE', entry_key(ARGV[1]), ${TOUCHED_AT}, wide(now) .. wide(expires))
redis.call('PEXPIREAT', entry_key(ARGV[1]), whole(expires - 1))
index(header.user, ARGV[1], expires)
return 1
`);

/** ARGV: token hash. Whether there was an entry. */
export const deleteSession: Script = script(`
mark('t', ARGV[1], next_position())
local header = header_of(ARGV[1])
if not header then return 0 end
drop(ARGV[1], header)
return 1
`);

/** ARGV: user, token hash. Whether there was such an entry of this user. */
export const deleteSessionOf: Script = script(`
local header = header_of(ARGV[2])
if not header or header.user ~= ARGV[1] then return 0 end
local position = next_position()
mark('u', ARGV[1], position)
mark('t', ARGV[2], position)
drop(ARGV[2], header)
return 1
`);

/** ARGV: user, the hash of the token that stays or nothing. How many entries there were. */
export const deleteSessionsOf: Script = script(`
local position = next_position()
mark('u', ARGV[1], position)
local dropped = 0
for _, token in ipairs(redis.call('ZRANGE', user_key(ARGV[1]), 0, -1)) do
  if token ~= ARGV[2] then
    local header = header_of(token)
    if header and header.user == ARGV[1] then
      mark('t', token, position)
      drop(token, header)
      dropped = dropped + 1
    else
      redis.call('ZREM', user_key(ARGV[1]), token)
    end
  end
end
return dropped
`);

/** ARGV: user. Refuses the loads of the user that are under way, and gives the hashes of the tokens that it has entries for. */
export const refuseLoadsOf: Script = script(`
mark('u', ARGV[1], next_position())
local tokens = {}
for _, token in ipairs(redis.call('ZRANGE', user_key(ARGV[1]), 0, -1)) do
  local header = header_of(token)
  if header and header.user == ARGV[1] then table.insert(tokens, token) end
end
return tokens
`);

/** ARGV: user. Token hash and entry of each session, by turns. */
export const listSessionsOf: Script = script(`
local list = {}
for _, token in ipairs(redis.call('ZRANGE', user_key(ARGV[1]), 0, -1)) do
  local header = header_of(token)
  if header and header.user == ARGV[1] then
    table.insert(list, token)
    table.insert(list, redis.call('GET', entry_key(token)))
  end
end
return list
`);

/** ARGV: the next generation. */
export const clearSessions: Script = script(`
begin_generation(ARGV[1])
redis.call('SET', base .. 'sweep', '0')
return 1
`);

/** ARGV: how many keys to look at. How many entries were removed, and whether that was all. */
export const sweepSessions: Script = script('return { sweep(tonumber(ARGV[1])) }');
