-- Stores what a pool needs, unless another process has stored something else meanwhile.
-- KEYS 1 scale of the pool
-- ARGV 1 the text as it was read, or '' for none  2 the new text  3 time to live, ms
-- Returns 1 stored, 0 there is another text.
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1
