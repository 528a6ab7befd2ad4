-- Takes online requests of a queue for a worker: the most urgent ones, and of those the oldest.
-- KEYS 1 waiting  2 prioritised
-- ARGV 1 prefix of the keys of requests  2 worker  3 rows after which no more are taken  4 bytes, likewise
--      5 most requests  6 prefix of the keys of bodies
-- Returns how many still wait, then for each request: its id, the time until its deadline in ms, `w` and what is kept
-- with its header. The worker reads a large body itself, because a script would hash it.
-- Guarantee: a request goes to one worker. Redis keeps the worker's id in the place of the header.
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

-- A request of an older API does not say how many rows it has, and counts as one.
local function rows_of(payload)
  return tonumber(string.match(payload, '^w{"v":%d+,"rows":(%d+)') or 1)
end

local taken, count, rows, bytes = {0}, 0, 0, 0
while rows < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) and count < tonumber(ARGV[5]) do
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
    rows = rows + rows_of(payload)
    bytes = bytes + #payload + redis.call('STRLEN', ARGV[6] .. id)
  end
end
taken[1] = redis.call('LLEN', KEYS[1])
if order and taken[1] == 0 then redis.call('DEL', KEYS[2]) end
return taken
