-- Takes or extends a lease, such as that of a job's feeder.
-- KEYS 1 lease
-- ARGV 1 token  2 time to live, ms
-- Returns 1 the token holds the lease, 0 another token holds it.
local owner = redis.call('GET', KEYS[1])
if owner and owner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
