-- Puts an online request on the list of its queue, unless too many requests are open or they have too many bytes.
-- A request that is open already goes to the front again: the worker that had it is gone.
-- KEYS 1 request  2 waiting  3 open  4 bytes  5 open of its tenant  6 bytes of its tenant
-- ARGV 1 id  2 its bytes  3 time until its deadline, ms  4 most open requests  5 most bytes of open requests
--      6 channel of wake-ups  7 queue  8 payload  9, 10 as 4, 5 of its tenant. 0: no limit
-- Returns `ok`, or the limit that is reached: `requests`, `bytes` or `tenant`.
-- Guarantee: requests whose deadline has passed do not count. Every key expires when its last request does. A tenant
-- without open requests is not limited by its own bytes, so that one large request can always pass.
local id, bytes, ttl = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local member = id .. '/' .. ARGV[2]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Returns how many are open, and their bytes.
local function count(open, sum)
  for _, over in ipairs(redis.call('ZRANGEBYSCORE', open, '-inf', now)) do
    redis.call('ZREM', open, over)
    redis.call('INCRBY', sum, '-' .. string.match(over, '/(%d+)$'))
  end
  local requests = redis.call('ZCARD', open)
  if requests == 0 then
    redis.call('DEL', sum)
    return 0, 0
  end
  return requests, tonumber(redis.call('GET', sum) or '0')
end

local function add(open, sum)
  redis.call('ZADD', open, now + ttl, member)
  redis.call('INCRBY', sum, bytes)
end

local requests, held = count(KEYS[3], KEYS[4])
local is_again = redis.call('ZSCORE', KEYS[3], member)
if not is_again then
  if requests >= tonumber(ARGV[4]) then return 'requests' end
  if held + bytes > tonumber(ARGV[5]) then return 'bytes' end
  if tonumber(ARGV[9]) > 0 then
    local own, own_bytes = count(KEYS[5], KEYS[6])
    if own >= tonumber(ARGV[9]) or (own > 0 and own_bytes + bytes > tonumber(ARGV[10])) then return 'tenant' end
    add(KEYS[5], KEYS[6])
  end
  add(KEYS[3], KEYS[4])
end
redis.call('SET', KEYS[1], ARGV[8], 'PX', ttl)
local waiting = redis.call(is_again and 'LPUSH' or 'RPUSH', KEYS[2], id)
for i = 2, #KEYS do
  redis.call('PEXPIRE', KEYS[i], math.max(ttl, redis.call('PTTL', KEYS[i])))
end
-- A worker takes until the list is empty, so only the first request must wake one.
if waiting == 1 or is_again then redis.call('PUBLISH', ARGV[6], ARGV[7]) end
return 'ok'
