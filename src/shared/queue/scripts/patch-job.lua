-- Sets fields of a job's record. Does not create a record that has expired.
-- KEYS 1 job  2 lease
-- ARGV 1 lease token that the caller must hold ('' none)  2.. field, value pairs
-- Returns 1 set, 0 no such job, -2 lease lost.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[1] ~= '' and redis.call('GET', KEYS[2]) ~= ARGV[1] then return -2 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
return 1
