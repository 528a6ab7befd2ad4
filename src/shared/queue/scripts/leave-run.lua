-- Ends a run without a commit. A failed run counts as an attempt. A run that is handed back unfinished does not.
-- KEYS 1 runs  2 attempts  3 job  4 run errors
-- ARGV 1 block  2 run token  3 '1' if the run does not count  4 error text ('' none)
-- Returns 1 left, 0 another run has taken over.
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[3] == '1' then redis.call('HINCRBY', KEYS[2], ARGV[1], -1) end
if ARGV[4] ~= '' then
  redis.call('HINCRBY', KEYS[2], ARGV[1] .. ':failed', 1)
  redis.call('HSET', KEYS[3], 'last_run_error', ARGV[4])
  redis.call('HSET', KEYS[4], ARGV[1], ARGV[4])
end
return 1
