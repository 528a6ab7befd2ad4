-- Takes online requests of a queue for a worker: the most urgent ones, and of those the oldest.
-- KEYS 1 waiting  2 prioritised
-- ARGV 1 prefix of the keys of requests  2 worker  3 most requests  4 bytes after which no more are taken
-- Returns how many still wait, then for each request: its id, the time until its deadline in ms, `w` and its payload.
-- Guarantee: a request goes to one worker. Redis keeps the worker's id in the place of the payload.
pcall(redis.set_repl, redis.REPL_NONE)
local DEFAULT_PRIORITY = 50

-- Of equal priority, those at the front of the list come first.
local function by_priority()
  local ids, order = redis.call('LRANGE', KEYS[1], 0, -1), {}
  for i, id in ipairs(ids) do
    order[i] = { id = id, at = i, priority = tonumber(string.match(id, '%.(%d+)$') or DEFAULT_PRIORITY) }
  end
  table.sort(order, function(a, b)
    if a.priority ~= b.priority then return a.priority < b.priority end
    return a.at < b.at
  end)
  return order
end

local order, at = redis.call('EXISTS', KEYS[2]) == 1 and by_priority() or nil, 0
local function next_id()
  if not order then return redis.call('LPOP', KEYS[1]) end
  at = at + 1
  if not order[at] then return false end
  redis.call('LREM', KEYS[1], 1, order[at].id)
  return order[at].id
end

local taken, count, bytes = {0}, 0, 0
while count < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
  local id = next_id()
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
if order and taken[1] == 0 then redis.call('DEL', KEYS[2]) end
return taken
