-- Creates a job in one step: its record, its entries in the indexes, its claims on an output and an idempotency key.
-- KEYS 1 job  2 events  3 output  4 idempotency key  5 jobs  6 active  7 tenants  8 jobs of the tenant
--      9 webhook  10 webhooks  11 lease
-- ARGV 1 job id  2 spec  3 now ms  4 total rows ('' unknown)  5 tenant
--      6 maximum active jobs  7 maximum active jobs of the tenant ('' no limit)
--      8 claim on the idempotency key ('' none)  9 time to live of the claim, ms
--      10 job from which the output is taken over ('' none)
--      11 '1' if the job has a webhook  12 the webhook's secret ('' none)
--      13 lease of the submitter, which opens the output ('' none)  14 time to live of the lease, ms
-- Returns {'created'}. Otherwise it has changed nothing, and returns {'repeated', existing claim},
-- {'output_held', job that holds it}, {'full'} or {'tenant_full'}.
-- Guarantee: all or nothing. After a lost reply the same call returns 'created' and changes nothing.
local id = ARGV[1]
if redis.call('EXISTS', KEYS[1]) == 1 then return {'created'} end
if ARGV[8] ~= '' then
  local claim = redis.call('GET', KEYS[4])
  if claim then return {'repeated', claim} end
end
local holder = redis.call('GET', KEYS[3])
if holder and holder ~= id and holder ~= ARGV[10] then return {'output_held', holder} end
if ARGV[7] ~= '' then
  local count = 0
  for _, tenant in ipairs(redis.call('HVALS', KEYS[7])) do
    if tenant == ARGV[5] then count = count + 1 end
  end
  if count >= tonumber(ARGV[7]) then return {'tenant_full'} end
end
if redis.call('SCARD', KEYS[6]) >= tonumber(ARGV[6]) then return {'full'} end

redis.call('HSET', KEYS[1], 'spec', ARGV[2], 'tenant', ARGV[5], 'status', 'queued', 'created_at', ARGV[3],
  'succeeded', 0, 'failed', 0, 'done', 0, 'next_block', 0)
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'total', ARGV[4]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'type', 'status', 'data', '{"status":"queued"}')
redis.call('SET', KEYS[3], id)
if ARGV[8] ~= '' then redis.call('SET', KEYS[4], ARGV[8], 'PX', ARGV[9]) end
redis.call('ZADD', KEYS[5], 0, id)
redis.call('ZADD', KEYS[8], 0, id)
redis.call('SADD', KEYS[6], id)
redis.call('HSET', KEYS[7], id, ARGV[5])
if ARGV[11] == '1' then
  if ARGV[12] ~= '' then redis.call('HSET', KEYS[9], 'secret', ARGV[12]) end
  redis.call('ZADD', KEYS[10], ARGV[3], id)
end
if ARGV[13] ~= '' then redis.call('SET', KEYS[11], ARGV[13], 'PX', ARGV[14]) end
return {'created'}
