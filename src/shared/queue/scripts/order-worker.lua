-- Notes what an operator asks of a worker, and wakes the worker.
-- KEYS 1 heartbeats of workers  2 orders
-- ARGV 1 worker  2 order  3 how long orders are kept after the last one, ms  4 wake channel
-- Returns 1, or 0 if the worker is not registered.
-- Guarantee: no order outlives the entry of its worker, because whoever removes the entry removes the order with it.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[1])
return 1
