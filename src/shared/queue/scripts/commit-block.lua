-- Counts a published block, once. The part on storage is the durable commit; this makes it count.
-- KEYS 1 job  2 window  3 runs  4 attempts  5 committed  6 events  7 stats  8 run errors  9 journal
-- ARGV 1 block  2 token (a run's, or the feeder's with mode 'feeder')  3 mode 'run' | 'feeder'
--      4 succeeded  5 failed  6 now ms  7 wake channel  8 job id  9.. stat, value pairs
-- Returns {1, succeeded, failed} counted, {0} was counted before, {-1} another run has taken over.
-- Guarantee: idempotent per block; the only place where rows are counted.
if redis.call('GETBIT', KEYS[5], ARGV[1]) == 1 then return {0} end
if ARGV[3] == 'run' and redis.call('HGET', KEYS[3], ARGV[1]) ~= ARGV[2] then return {-1} end
redis.call('SETBIT', KEYS[5], ARGV[1], 1)
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('HDEL', KEYS[4], ARGV[1], ARGV[1] .. ':failed')
redis.call('HDEL', KEYS[8], ARGV[1])
redis.call('HDEL', KEYS[9], ARGV[1])
local succeeded = redis.call('HINCRBY', KEYS[1], 'succeeded', ARGV[4])
local failed = redis.call('HINCRBY', KEYS[1], 'failed', ARGV[5])
local done = redis.call('HINCRBY', KEYS[1], 'done', 1)
for i = 9, #ARGV, 2 do redis.call('HINCRBY', KEYS[7], ARGV[i], ARGV[i + 1]) end

-- Rate over the last 5 to 10 s: two marks, moved on when the newer one is 5 s old.
local now = tonumber(ARGV[6])
local rows = succeeded + failed
local mark, mark_at, old, old_at = unpack(redis.call('HMGET', KEYS[1], 'mark', 'mark_at', 'old_mark', 'old_mark_at'))
if not mark_at then
  local first = redis.call('HGET', KEYS[1], 'first_read_at') or ARGV[6]
  redis.call('HSET', KEYS[1], 'mark', 0, 'mark_at', first, 'old_mark', 0, 'old_mark_at', first)
elseif now - tonumber(mark_at) >= 5000 then
  redis.call('HSET', KEYS[1], 'old_mark', mark, 'old_mark_at', mark_at, 'mark', rows, 'mark_at', ARGV[6])
end
redis.call('HSET', KEYS[1], 'committed_at', ARGV[6])
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 1000, '*', 'type', 'progress',
  'data', cjson.encode({block = tonumber(ARGV[1]), succeeded = succeeded, failed = failed, blocks_done = done}))
redis.call('PUBLISH', ARGV[7], ARGV[8])
return {1, succeeded, failed}
