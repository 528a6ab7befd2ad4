-- Permits runs to publish their parts, and records what they are about to publish (docs/adr/0008).
-- Each caller stages its part before it asks, so that a new owner of the output discards its staged files.
-- KEYS 1 runs  2 parts  3 output
-- ARGV 1 job  2.. block, run token, sha256 of the part, for each
-- Returns for each block all hashes announced for it, separated by spaces, or '' if another run has taken over.
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
