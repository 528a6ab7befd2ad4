-- Frees slots of a queue, and wakes the feeders of the jobs that come next. A queue with few waiting jobs wakes all.
-- KEYS 1 slots  2 feeders  3 shares  4 turns  5 tallies (scripts/take-slots.lua)
-- ARGV 1 channel that wakes all feeders of a queue  2 queue  3 channel that wakes the feeder of a job
--      4 up to how many waiting jobs are all woken  5.. `<job>/<block>` members
-- Returns how many slots were freed.
-- Guarantee: a slot that is released twice is counted once.
local freed, of = 0, {}
for i = 5, #ARGV do
  if redis.call('SREM', KEYS[1], ARGV[i]) == 1 then
    local job = string.match(ARGV[i], '^([^/]+)/')
    of[job] = (of[job] or 0) + 1
    freed = freed + 1
  end
end
if freed == 0 then return 0 end

local has_tallies = redis.call('EXISTS', KEYS[5]) == 1
if has_tallies then
  redis.call('HINCRBY', KEYS[5], ':total', -freed)
  for job, n in pairs(of) do
    if redis.call('HINCRBY', KEYS[5], job, -n) <= 0 then redis.call('HDEL', KEYS[5], job) end
    local tenant, priority, rows = string.match(redis.call('HGET', KEYS[3], job) or '', '^(%S+) (%S+) (%S+)')
    if tenant then
      local field = priority .. ' ' .. tenant
      redis.call('HINCRBY', KEYS[5], field .. ':held', -n)
      redis.call('HINCRBY', KEYS[5], field .. ':open', -n * rows)
    end
  end
end

local waiting = redis.call('HLEN', KEYS[2])
if waiting == 0 then return freed end
if waiting <= tonumber(ARGV[4]) or not has_tallies then
  redis.call('PUBLISH', ARGV[1], ARGV[2])
  return freed
end
-- A job that holds fewer than two slots may take one at any time.
local woken = 0
for job in pairs(of) do
  if tonumber(redis.call('HGET', KEYS[5], job) or 0) < 2 and redis.call('HEXISTS', KEYS[2], job) == 1 then
    redis.call('PUBLISH', ARGV[3], job)
    woken = woken + 1
  end
end
local limit = tonumber(redis.call('HGET', KEYS[5], ':limit') or 0)
if redis.call('SCARD', KEYS[1]) >= limit then return freed end

local function range(prefix, most)
  return redis.call('ZRANGEBYLEX', KEYS[4], '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, most)
end
if #range('old ', 1) > 0 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
local best = range('wait ', 1)[1]
if not best then return freed end
-- One more than needed, in case the first one belongs to a dead process.
local most, TENANTS = math.min(freed, 7) + 1, 8
local priority = string.match(best, '^wait (%d+)')
for _, next in ipairs(range('next ' .. priority .. ' ', TENANTS)) do
  local tenant = string.match(next, '%S+$')
  if woken == most then break end
  for _, member in ipairs(range('wait ' .. priority .. ' ' .. tenant .. ' ', most - woken)) do
    redis.call('PUBLISH', ARGV[3], string.match(member, '%S+$'))
    woken = woken + 1
  end
end
return freed
