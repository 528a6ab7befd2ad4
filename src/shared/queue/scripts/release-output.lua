-- Releases a job's claim on its output.
-- KEYS 1 output
-- ARGV 1 job
-- Returns 1 released, 0 another job holds it, or none.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
