import { LEASE_PRELUDE } from './lease-scripts.ts';
import { LOST } from './redis-lease.ts';
import { Script } from './script.ts';

/**
 * The keys, all behind the prefix of the leases:
 *
 * - `jobs`: the set of all names; `job:<name>`: a hash with the name of the lease it belongs to, its schedule, up to where its ticks have been dealt with, and
 *   the newest tick that began and has no record any more.
 * - `runs:<job>`: a hash of records by tick, as JSON. All numbers in it are strings: those of Redis' JSON lose digits.
 * - `ticks:<job>`, `ended:<job>`: the ticks with a record, and those of them that are over, by time.
 * - `running:<lease>`: what runs, each as its tick and job.
 */
const PRELUDE = `
${LEASE_PRELUDE}
local function job_key(job) return base .. 'job:' .. job end
local function runs_key(job) return base .. 'runs:' .. job end
local function ticks_key(job) return base .. 'ticks:' .. job end
local function ended_key(job) return base .. 'ended:' .. job end
`;

/** The most runs that one write deletes, as in a file. More than one are to go only after \`keptRuns\` was lowered. */
const PRUNED_AT_ONCE = 100;

/** What writes begins with the term, and does nothing when that is over: the fence. */
const FENCED = `
${PRELUDE}
local lease, token, holder = ARGV[1], ARGV[2], ARGV[3]
if not is_current(lease, token, holder) then return { '${LOST}' } end
local running = base .. 'running:' .. lease

local function record_of(job, tick)
  local record = redis.call('HGET', runs_key(job), tick)
  return record and cjson.decode(record)
end

local function keep(job, tick, record)
  redis.call('HSET', runs_key(job), tick, cjson.encode(record))
end

local function add(job, tick, record)
  keep(job, tick, record)
  redis.call('ZADD', ticks_key(job), tick, tick)
end

local function is_over(job, tick)
  redis.call('ZADD', ended_key(job), tick, tick)
  redis.call('SREM', running, tick .. ' ' .. job)
end

local function prune(job, kept)
  local over = redis.call('ZCARD', ended_key(job)) - tonumber(kept)
  if over <= 0 then return end
  local oldest = redis.call('ZPOPMIN', ended_key(job), math.min(over, ${PRUNED_AT_ONCE}))
  local pruned = tonumber(redis.call('HGET', job_key(job), 'pruned') or '-inf')
  for at = 1, #oldest, 2 do
    local tick = oldest[at]
    local record = record_of(job, tick)
    local began = record and record.outcome ~= 'missed' and record.outcome ~= 'skipped'
    if began and tonumber(tick) > pruned then
      pruned = tonumber(tick)
      redis.call('HSET', job_key(job), 'pruned', tick)
    end
    redis.call('HDEL', runs_key(job), tick)
    redis.call('ZREM', ticks_key(job), tick)
  end
end

local function find(job)
  local found = redis.call('HMGET', job_key(job), 'lease', 'handled', 'pruned')
  if not found[1] then return nil, { 'unknown' } end
  if found[1] ~= lease then return nil, { 'other', found[1] } end
  return { handled = tonumber(found[2]), pruned = found[3] and tonumber(found[3]) }
end
`;

function reading(body: string): Script {
  return new Script(`${PRELUDE}${body}`);
}

function fenced(body: string): Script {
  return new Script(`${FENCED}${body}`);
}

/** ARGV after the term: job, schedule, the time that a new one starts at, how many runs to keep. */
export const registerJob: Script = fenced(`
local job, schedule, start = ARGV[4], ARGV[5], ARGV[6]
local known = redis.call('HMGET', job_key(job), 'lease', 'schedule', 'handled')
if known[1] and known[1] ~= lease then return { 'other', known[1] } end
if not known[1] then redis.call('HSET', job_key(job), 'lease', lease, 'handled', start) end
redis.call('HSET', job_key(job), 'schedule', schedule)
redis.call('SADD', base .. 'jobs', job)
for _, member in ipairs(redis.call('SMEMBERS', running)) do
  local space = string.find(member, ' ', 1, true)
  local tick, of = string.sub(member, 1, space - 1), string.sub(member, space + 1)
  local record = record_of(of, tick)
  if record and tonumber(record.token) < tonumber(token) then
    record.outcome = 'abandoned'
    record.ended = now
    keep(of, tick, record)
    is_over(of, tick)
  end
end
prune(job, ARGV[7])
local replaced = known[2] and known[2] ~= schedule
return { 'ok', known[3] or start, replaced and 1 or 0, replaced and known[2] or '' }
`);

/** ARGV after the term: job, tick. */
export const beginRun: Script = fenced(`
local job, tick = ARGV[4], ARGV[5]
local found, refusal = find(job)
if not found then return refusal end
if tonumber(tick) <= found.handled then return { 'ok', 0 } end
redis.call('HSET', job_key(job), 'handled', tick)
if redis.call('HEXISTS', runs_key(job), tick) == 1 then return { 'ok', 0 } end
add(job, tick, { last = tick, ticks = '1', outcome = 'running', attempts = '1', instance = holder, token = token, started = now })
redis.call('SADD', running, tick .. ' ' .. job)
return { 'ok', 1 }
`);

/** ARGV after the term: job, tick, outcome, attempts, how many runs to keep, and an error if there is one. */
export const endRun: Script = fenced(`
local job, tick = ARGV[4], ARGV[5]
local record = record_of(job, tick)
if not record or record.outcome ~= 'running' or record.token ~= token then return { 'ok' } end
record.outcome = ARGV[6]
record.attempts = ARGV[7]
record.ended = now
record.error = ARGV[9]
keep(job, tick, record)
is_over(job, tick)
prune(job, ARGV[8])
return { 'ok' }
`);

/** ARGV after the term: job, first and last tick, how many, outcome, how many runs to keep. */
export const recordUnrun: Script = fenced(`
local job, first, last, ticks, outcome = ARGV[4], ARGV[5], ARGV[6], ARGV[7], ARGV[8]
local found, refusal = find(job)
if not found then return refusal end
if tonumber(last) <= found.handled then return { 'ok' } end
if tonumber(first) <= found.handled then return { 'partly', whole(found.handled) } end
redis.call('HSET', job_key(job), 'handled', last)
local before = redis.call('ZREVRANGEBYSCORE', ticks_key(job), whole(found.handled), '-inf', 'LIMIT', 0, 1)[1]
local record = before and record_of(job, before)
if record and record.outcome == outcome and record.token == token and tonumber(record.last) == found.handled then
  record.last = last
  record.ticks = whole(tonumber(record.ticks) + tonumber(ticks))
  record.ended = now
  keep(job, before, record)
  return { 'ok' }
end
if redis.call('HEXISTS', runs_key(job), first) == 0 then
  add(job, first, { last = last, ticks = ticks, outcome = outcome, attempts = '0', instance = holder, token = token, started = now, ended = now })
  is_over(job, first)
end
prune(job, ARGV[9])
return { 'ok' }
`);

/** ARGV after the term: job, the time to go back to. */
export const rewindJob: Script = fenced(`
local found, refusal = find(ARGV[4])
if not found then return refusal end
local to = tonumber(ARGV[5])
local handled = whole(math.min(found.handled, math.max(to, found.pruned or to)))
redis.call('HSET', job_key(ARGV[4]), 'handled', handled)
return { 'ok', handled }
`);

/** ARGV: job, the index of the last one. Tick and record by turns, the newest first. */
export const readRuns: Script = reading(`
local runs = {}
for _, tick in ipairs(redis.call('ZREVRANGE', ticks_key(ARGV[1]), 0, ARGV[2])) do
  local record = redis.call('HGET', runs_key(ARGV[1]), tick)
  if record then
    table.insert(runs, tick)
    table.insert(runs, record)
  end
end
return runs
`);

/** Name, schedule and up to where it has been dealt with, by turns. */
export const readJobs: Script = reading(`
local jobs = {}
for _, job in ipairs(redis.call('SMEMBERS', base .. 'jobs')) do
  local found = redis.call('HMGET', job_key(job), 'schedule', 'handled')
  if found[2] then
    table.insert(jobs, job)
    table.insert(jobs, found[1])
    table.insert(jobs, found[2])
  end
end
return jobs
`);
