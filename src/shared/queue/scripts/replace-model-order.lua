-- Changes or removes an order, unless another order has replaced it.
-- KEYS 1 orders
-- ARGV 1 queue, 2 the order as it was read, 3 the changed order, or '' to remove it
-- Returns 1 done, 0 there is another order.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
