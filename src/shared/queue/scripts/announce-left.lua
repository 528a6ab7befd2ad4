-- Wakes the feeder when a block leaves the queue uncommitted. Does not create a record that has expired.
-- KEYS 1 job
-- ARGV 1 wake channel  2 job id
-- Returns 1 announced, 0 no such job.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HINCRBY', KEYS[1], 'left', 1)
redis.call('PUBLISH', ARGV[1], ARGV[2])
return 1
