-- Puts an online request on the list of its queue, unless too many requests are open or they have too many bytes.
-- A request that is open already goes to the front again: the worker that had it is gone.
-- KEYS 1 request  2 waiting  3 open  4 bytes
-- ARGV 1 id  2 its bytes  3 time until its deadline, ms  4 most open requests  5 most bytes of open requests
--      6 channel of wake-ups  7 queue  8 payload
-- Returns `ok`, or the limit that is reached: `requests` or `bytes`.
-- Guarantee: requests whose deadline has passed do not count. Every key expires when its last request does.
local id, bytes, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local member = id .. '/' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

for _, over in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', now)) do
  redis.call('ZREM', KEYS[3], over)
  redis.call('INCRBY', KEYS[4], '-' .. string.match(over, '/(%d+)$'))
end
local count = redis.call('ZCARD', KEYS[3])
if count == 0 then redis.call('DEL', KEYS[4]) end

local is_again = redis.call('ZSCORE', KEYS[3], member)
if not is_again then
  if count >= tonumber(ARGV[4]) then return 'requests' end
  if tonumber(redis.call('GET', KEYS[4]) or '0') + bytes > tonumber(ARGV[5]) then return 'bytes' end
  redis.call('ZADD', KEYS[3], now + ttl, member)
  redis.call('INCRBY', KEYS[4], bytes)
end
redis.call('SET', KEYS[1], ARGV[8], 'PX', ttl)
local waiting = redis.call(is_again and 'LPUSH' or 'RPUSH', KEYS[2], id)
for i = 2, 4 do
  redis.call('PEXPIRE', KEYS[i], math.max(ttl, redis.call('PTTL', KEYS[i])))
end
-- A worker takes until the list is empty, so only the first request must wake one.
if waiting == 1 or is_again then redis.call('PUBLISH', ARGV[6], ARGV[7]) end
return 'ok'
