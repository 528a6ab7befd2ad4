-- Moves blocks that were just added forward on their queue, because their job has been served less than its rivals.
-- KEYS 1 BullMQ's sorted set of waiting jobs: score = priority * 2^32 + a number that grows with each added job
-- ARGV 1 priority  2.. BullMQ's id of a block, how many thousandths (1 to 1000) of the waiting blocks it goes ahead of;
--      in block order
-- Returns how many blocks were moved. Blocks that no longer wait are skipped.
-- Guarantee: a block keeps its priority, and stays behind the first one of that priority. Blocks with the same score
-- are taken in the order of their ids, the oldest job first. So every block that is taken moves the others closer to
-- the front, and no stream of new jobs holds up a block forever.
local function text(n) return string.format('%.0f', n) end
local lowest = tonumber(ARGV[1]) * 4294967296
local better = redis.call('ZCOUNT', KEYS[1], '-inf', '(' .. text(lowest))
local moved, others = 0, nil
for i = 2, #ARGV, 2 do
  local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or nil)
  if score then
    -- The blocks that waited before this call. They and the moved blocks are ahead of this one.
    others = others or redis.call('ZCOUNT', KEYS[1], text(lowest), '(' .. text(score))
    local place = better + moved + math.floor(others * (1 - tonumber(ARGV[i + 1]) / 1000))
    local first = redis.call('ZRANGE', KEYS[1], better, better, 'WITHSCORES')
    local there = redis.call('ZRANGE', KEYS[1], place, place, 'WITHSCORES')
    local new = math.max(tonumber(first[2]) + 1, tonumber(there[2] or score))
    if new < score then
      redis.call('ZADD', KEYS[1], 'XX', text(new), ARGV[i])
      moved = moved + 1
    end
  end
end
return moved
