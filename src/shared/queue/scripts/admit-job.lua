-- Lists a job as accepted, unless too many jobs are.
-- KEYS 1 jobs  2 active
-- ARGV 1 job  2 limit
-- Returns 1 admitted (also when it was already), 0 full.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 1 end
if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
return 1
