-- Takes slots of a queue for blocks of one job, in block order, fairly between jobs.
-- A job holds at most half of the limit, and may always hold 2. Beyond that, better priorities come first. A job waits
-- while another of the same priority wants slots and holds fewer.
-- KEYS 1 slots  2 feeders
-- ARGV 1 job  2 priority  3 limit  4 how long the request is valid, ms
--      5 maximum slots of the job (its window)  6.. blocks
-- Returns how many of the blocks, counted from the first, have a slot now.
-- Guarantee: idempotent per block. Redis' clock times the requests, so a feeder with a wrong clock gains nothing.
local job, priority, limit = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local half = math.max(2, math.floor(limit / 2))
local cap = math.min(half, tonumber(ARGV[5]))
redis.call('HSET', KEYS[2], job, priority .. ':' .. (now + tonumber(ARGV[4])))

local held, total, taken = {}, 0, {}
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  taken[member] = true
  local owner = string.match(member, '^([^/]+)/')
  held[owner] = (held[owner] or 0) + 1
  total = total + 1
end
local rivals = {}
local feeders = redis.call('HGETALL', KEYS[2])
for i = 1, #feeders, 2 do
  local p, until_ms = string.match(feeders[i + 1], '^(%d+):(%d+)$')
  if tonumber(until_ms) < now then
    redis.call('HDEL', KEYS[2], feeders[i])
  elseif feeders[i] ~= job then
    rivals[#rivals + 1] = {priority = tonumber(p), held = held[feeders[i]] or 0}
  end
end

local function may_take(mine)
  if mine >= cap then return false end
  if mine < 2 then return true end
  if total >= limit then return false end
  for _, rival in ipairs(rivals) do
    if rival.held < half then
      if rival.priority < priority then return false end
      if rival.priority == priority and rival.held < mine then return false end
    end
  end
  return true
end

local granted = 0
for i = 6, #ARGV do
  local member = job .. '/' .. ARGV[i]
  if not taken[member] then
    local mine = held[job] or 0
    if not may_take(mine) then return granted end
    redis.call('SADD', KEYS[1], member)
    taken[member] = true
    held[job] = mine + 1
    total = total + 1
  end
  granted = granted + 1
end
redis.call('HDEL', KEYS[2], job)
return granted
