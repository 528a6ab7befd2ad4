-- Moves blocks in the window to their next generation, so that they can be put on the queue. Runs of an earlier
-- generation are then outdated.
-- KEYS 1 window  2 lease  3 runs
-- ARGV 1 lease token  2.. blocks
-- Returns the new generation of each block, 0 if the block has left the window. Returns {-1} if the lease is lost.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return {-1} end
local out = {}
for i = 2, #ARGV do
  local entry = redis.call('HGET', KEYS[1], ARGV[i])
  if entry then
    local bar = string.find(entry, '|', 1, true)
    local generation = tonumber(string.sub(entry, 1, bar - 1)) + 1
    redis.call('HSET', KEYS[1], ARGV[i], generation .. string.sub(entry, bar))
    -- A block that was never on the queue has no run.
    if generation > 1 then redis.call('HDEL', KEYS[3], ARGV[i]) end
    out[#out + 1] = generation
  else
    out[#out + 1] = 0
  end
end
return out
