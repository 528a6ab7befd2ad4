-- Takes the oldest online requests of a queue for a worker.
-- KEYS 1 waiting
-- ARGV 1 prefix of the keys of requests  2 worker  3 most requests  4 bytes after which no more are taken
-- Returns how many still wait, then for each request: its id, the time until its deadline in ms, `w` and its payload.
-- Guarantee: a request goes to one worker. Redis keeps the worker's id in the place of the payload.
pcall(redis.set_repl, redis.REPL_NONE)
local taken, count, bytes = {0}, 0, 0
while count < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
  local id = redis.call('LPOP', KEYS[1])
  if not id then break end
  local key = ARGV[1] .. id
  local payload = redis.call('GET', key)
  local ttl = redis.call('PTTL', key)
  if payload and ttl > 0 and string.byte(payload) == 119 then -- w
    redis.call('SET', key, 't' .. ARGV[2], 'PX', ttl)
    taken[#taken + 1] = id
    taken[#taken + 1] = ttl
    taken[#taken + 1] = payload
    count = count + 1
    bytes = bytes + #payload
  end
end
taken[1] = redis.call('LLEN', KEYS[1])
return taken
