-- Grants runs the right to publish, and writes down what they are about to publish (docs/adr/0008).
-- Each caller has staged its part before it asks: whoever takes the output over later discards what is staged.
-- KEYS 1 runs  2 parts  3 output
-- ARGV 1 job  2.. block, run token, sha256 of the part, for each
-- Returns for each block: all hashes announced for it, separated by spaces; '' where another run has taken over.
-- 'output_lost' in place of the list: the job no longer owns its output.
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
