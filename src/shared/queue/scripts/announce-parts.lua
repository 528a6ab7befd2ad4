-- Permits runs to publish their parts, and records what they are about to publish (docs/adr/0008).
-- Callers stage their parts before they ask. So a new owner of the output finds the staged files and discards them.
-- KEYS 1 runs  2 parts  3 output
-- ARGV 1 job  2.. for each part: block, run token, sha256
-- Returns a list with one entry per block. The entry holds all hashes announced for the block, separated by spaces.
-- It is '' if another run has taken over.
-- Returns 'output_lost' instead of the list if the job no longer owns its output.
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return 'output_lost' end
local out = {}
for i = 2, #ARGV, 3 do
  local block, token, hash = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  if redis.call('HGET', KEYS[1], block) == token then
    local announced = redis.call('HGET', KEYS[2], block)
    if not announced then
      announced = hash
    elseif not string.find(announced, hash, 1, true) then
      announced = announced .. ' ' .. hash
    end
    redis.call('HSET', KEYS[2], block, announced)
    out[#out + 1] = announced
  else
    out[#out + 1] = ''
  end
end
return out
