-- Hands an output folder over from a job that is no more.
-- KEYS 1 output
-- ARGV 1 job that held it  2 job that takes it
-- Returns 1 taken, 0 somebody else was quicker.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
