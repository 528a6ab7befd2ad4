-- Puts online requests on the list of their queue, unless too many requests are open or they have too many bytes.
-- A request that is open already goes to the front again: the worker that had it is gone.
-- If no request waits, a single one goes straight to the worker that has offered to take it. This saves round trips.
-- KEYS 1 waiting  2 open  3 bytes  4 open of their tenant  5 bytes of their tenant  6 prioritised
-- ARGV 1 prefix of the keys of requests  2 most open requests  3 most bytes of open requests
--      4, 5 as 2, 3 of their tenant. 0: no limit  6 channel of wake-ups  7 queue
--      8 prefix of the keys of bodies  9 longest body that is kept with its header
--      10 prefix of the channels of workers  11 worker that offers to take the only request, or empty
--      12 `sent`: the body was sent to the worker, and is not among the arguments. Else empty
--      then for each request: its id, its bytes, the time until its deadline in ms, its header, its body
-- Returns for each request `ok`, or the limit that is reached: `requests`, `bytes` or `tenant`. Or `body`: the request
-- must go on the list, so the API must ask again with the body. Nothing has changed.
-- Guarantee: requests whose deadline has passed do not count. Every key expires when its last request does. A tenant
-- without open requests is not limited by its own bytes, so that one large request can always pass.
-- Nothing goes into the append-only file. After a restart of Redis the API asks again.
pcall(redis.set_repl, redis.REPL_NONE)
local most, most_bytes, most_own, most_own_bytes =
  tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
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

local requests, held = count(KEYS[2], KEYS[3])
local own, own_held = 0, 0
if most_own > 0 then own, own_held = count(KEYS[4], KEYS[5]) end

local function limit_reached(bytes)
  if requests >= most then return 'requests' end
  if held + bytes > most_bytes then return 'bytes' end
  if most_own > 0 and (own >= most_own or (own > 0 and own_held + bytes > most_own_bytes)) then return 'tenant' end
  return nil
end

local FIRST, FIELDS = 13, 5

-- Sends the request to the worker with the offer. Returns whether the worker has received it.
local function hand_over(i)
  if ARGV[11] == '' or redis.call('EXISTS', KEYS[1]) == 1 then return false end
  local line = ARGV[i] .. ' ' .. ARGV[i + 2] .. ' ' .. ARGV[7]
  return redis.call('PUBLISH', ARGV[10] .. ARGV[11], line .. '\n' .. ARGV[i + 3] .. '\n' .. ARGV[i + 4]) > 0
end

local answers, longest, wakes = {}, 0, false
for i = FIRST, #ARGV, FIELDS do
  local id, bytes, ttl = ARGV[i], tonumber(ARGV[i + 1]), tonumber(ARGV[i + 2])
  local member = id .. '/' .. ARGV[i + 1]
  local is_again = redis.call('ZSCORE', KEYS[2], member)
  local limit = not is_again and limit_reached(bytes)
  local is_handed = not limit and hand_over(i)
  if not limit and not is_handed and ARGV[12] == 'sent' then return { 'body' } end
  answers[#answers + 1] = limit or 'ok'
  if not limit then
    if not is_again then
      redis.call('ZADD', KEYS[2], now + ttl, member)
      redis.call('INCRBY', KEYS[3], bytes)
      requests, held = requests + 1, held + bytes
      if most_own > 0 then
        redis.call('ZADD', KEYS[4], now + ttl, member)
        redis.call('INCRBY', KEYS[5], bytes)
        own, own_held = own + 1, own_held + bytes
      end
    end
    if is_handed then
      redis.call('SET', ARGV[1] .. id, 't' .. ARGV[11], 'PX', ttl)
    else
      -- A new text costs Lua as much as hashing all its bytes, so large bodies are never joined with others.
      local own = #ARGV[i + 4] <= tonumber(ARGV[9]) and ARGV[i + 4] or ''
      redis.call('SET', ARGV[1] .. id, 'w' .. ARGV[i + 3] .. '\n' .. own, 'PX', ttl)
      if own ~= ARGV[i + 4] then redis.call('SET', ARGV[8] .. id, ARGV[i + 4], 'PX', ttl) end
      local waiting = redis.call(is_again and 'LPUSH' or 'RPUSH', KEYS[1], id)
      if string.find(id, '.', 1, true) then redis.call('SET', KEYS[6], 1, 'NX') end
      -- A worker takes until the list is empty, so only the first request must wake one.
      if waiting == 1 or is_again then wakes = true end
    end
    longest = math.max(longest, ttl)
  end
end
if longest > 0 then
  for _, key in ipairs(KEYS) do
    if redis.call('PTTL', key) < longest then redis.call('PEXPIRE', key, longest) end
  end
end
if wakes then redis.call('PUBLISH', ARGV[6], ARGV[7]) end
return answers
