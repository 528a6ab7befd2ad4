-- Changes or removes a wish, unless another wish has replaced it.
-- KEYS 1 wishes
-- ARGV 1 queue, 2 the wish as it was read, 3 the changed wish, or '' to remove it
-- Returns 1 done, 0 there is another wish.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
