-- Removes blocks from a job's window without a commit, for a job that is cancelled or has failed.
-- KEYS 1 window  2 lease  3 runs  4 attempts  5 run errors  6 journal
-- ARGV 1 lease token  2.. blocks
-- Returns how many blocks were removed, or -1 lease lost.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return -1 end
local n = 0
for i = 2, #ARGV do
  n = n + redis.call('HDEL', KEYS[1], ARGV[i])
  redis.call('HDEL', KEYS[3], ARGV[i])
  redis.call('HDEL', KEYS[4], ARGV[i], ARGV[i] .. ':failed')
  redis.call('HDEL', KEYS[5], ARGV[i])
  redis.call('HDEL', KEYS[6], ARGV[i])
end
return n
