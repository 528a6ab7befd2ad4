-- Removes an online request that has ended: it is answered, its deadline has passed, or its caller has gone.
-- KEYS 1 request  2 waiting  3 open  4 bytes  5 open of its tenant  6 bytes of its tenant  7 prioritised  8 body
-- ARGV 1 id  2 its bytes  3 prefix of the channels of workers, or empty  4 longest note of a worker that has taken it
-- With a prefix, the worker that has taken the request hears of it and drops its remaining rows. Returns 1.
-- Guarantee: idempotent. Nothing of the request is left.
pcall(redis.set_repl, redis.REPL_NONE)
local note = redis.call('STRLEN', KEYS[1]) <= tonumber(ARGV[4]) and redis.call('GET', KEYS[1]) or ''
if note and string.sub(note, 1, 1) == 't' then
  if ARGV[3] ~= '' then redis.call('PUBLISH', ARGV[3] .. string.sub(note, 2), ARGV[1]) end
else
  redis.call('LREM', KEYS[2], 0, ARGV[1])
  if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('DEL', KEYS[7]) end
end
redis.call('DEL', KEYS[1], KEYS[8])
for i = 3, 5, 2 do
  if redis.call('ZREM', KEYS[i], ARGV[1] .. '/' .. ARGV[2]) == 1 then
    redis.call('INCRBY', KEYS[i + 1], '-' .. ARGV[2])
    if redis.call('ZCARD', KEYS[i]) == 0 then redis.call('DEL', KEYS[i + 1]) end
  end
end
return 1
