-- Records the row that a run is about to start. If the run dies, the next run knows in which row.
-- KEYS 1 runs  2 journal
-- ARGV 1 block  2 run token  3 journal text
-- Returns 1 recorded, 0 another run has taken over.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
return 1
