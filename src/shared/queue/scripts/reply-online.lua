-- Sends the replies to online requests and removes the requests.
-- KEYS 1 open  2 bytes
-- ARGV 1 longest reply that is sent as a message  2 how long a longer one is kept, ms
--      then for each request: its member of `open`, its key, the key of its body, the keys of `open` and `bytes` of its
--      tenant, the channel of its API, the key of a long reply, the message of a long reply, the reply
-- Returns 1.
-- Guarantee: idempotent. Nothing of the requests is left.
pcall(redis.set_repl, redis.REPL_NONE)

local function close(open, sum, member)
  if redis.call('ZREM', open, member) == 0 then return end
  if redis.call('ZCARD', open) == 0 then
    redis.call('DEL', sum)
  else
    redis.call('INCRBY', sum, '-' .. string.match(member, '/(%d+)$'))
  end
end

for i = 3, #ARGV, 9 do
  local member, reply = ARGV[i], ARGV[i + 8]
  redis.call('DEL', ARGV[i + 1], ARGV[i + 2])
  close(KEYS[1], KEYS[2], member)
  close(ARGV[i + 3], ARGV[i + 4], member)
  if #reply > tonumber(ARGV[1]) then
    redis.call('SET', ARGV[i + 6], reply, 'PX', ARGV[2])
    reply = ARGV[i + 7]
  end
  redis.call('PUBLISH', ARGV[i + 5], reply)
end
return 1
