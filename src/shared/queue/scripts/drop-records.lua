-- Removes the oldest part records of a job, after the feeder has moved them to the output.
-- KEYS 1 records  2 lease
-- ARGV 1 lease token  2 how many
-- Returns 1 removed, -1 lease lost.
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return -1 end
redis.call('LTRIM', KEYS[1], ARGV[2], -1)
return 1
