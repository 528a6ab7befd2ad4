-- Stores a pipeline that a job gave in its request, unless there are too many.
-- KEYS 1 pipelines
-- ARGV 1 queue, 2 the pipeline, 3 how many there may be
-- Returns 1 stored, 0 there are too many.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
