-- Begins a run of a block: hands out its rows and makes the caller's token the one that may commit.
-- KEYS 1 job  2 window  3 runs  4 attempts  5 journal
-- ARGV 1 block  2 generation  3 run token  4 now ms
-- Returns {rows, runs begun so far, spec, runs that ended with an error, journal}, or {} where the run must not go on: block committed,
-- withdrawn or of a newer generation, or the job not running.
local status, spec = unpack(redis.call('HMGET', KEYS[1], 'status', 'spec'))
if status ~= 'running' then return {} end
local entry = redis.call('HGET', KEYS[2], ARGV[1])
if not entry then return {} end
local bar = string.find(entry, '|', 1, true)
if string.sub(entry, 1, bar - 1) ~= ARGV[2] then return {} end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
local attempts = redis.call('HINCRBY', KEYS[4], ARGV[1], 1)
redis.call('HSETNX', KEYS[1], 'first_read_at', ARGV[4])
return {string.sub(entry, bar + 1), attempts, spec, tonumber(redis.call('HGET', KEYS[4], ARGV[1] .. ':failed') or 0),
  redis.call('HGET', KEYS[5], ARGV[1])}
