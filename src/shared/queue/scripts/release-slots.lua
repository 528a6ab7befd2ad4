-- Frees slots of a queue, and wakes the feeders if one waits for a slot.
-- KEYS 1 slots  2 feeders
-- ARGV 1 wake channel  2 queue  3.. `<job>/<block>` members
-- Returns how many slots were freed.
local n = 0
for i = 3, #ARGV do n = n + redis.call('SREM', KEYS[1], ARGV[i]) end
if n > 0 and redis.call('HLEN', KEYS[2]) > 0 then redis.call('PUBLISH', ARGV[1], ARGV[2]) end
return n
