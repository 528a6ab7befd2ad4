-- Creates a job's record unless it exists.
-- KEYS 1 job  2 events
-- ARGV 1 spec  2 now ms  3 total rows ('' unknown)  4 tenant
-- Returns 1 created, 0 exists. Guarantee: a record is complete or absent.
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('HSET', KEYS[1], 'spec', ARGV[1], 'tenant', ARGV[4], 'status', 'queued', 'created_at', ARGV[2],
  'succeeded', 0, 'failed', 0, 'done', 0, 'next_block', 0)
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'total', ARGV[3]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'type', 'status', 'data', '{"status":"queued"}')
return 1
