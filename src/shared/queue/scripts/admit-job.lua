-- Lists a job as accepted, unless too many jobs are: in all, or of its tenant.
-- KEYS 1 jobs  2 active  3 tenants  4 jobs of the tenant
-- ARGV 1 job  2 limit  3 tenant  4 limit of the tenant ('' none)
-- Returns 1 admitted (also when it was already), 0 full, -1 the tenant has its share.
if redis.call('SISMEMBER', KEYS[2], ARGV[1]) == 1 then return 1 end
if ARGV[4] ~= '' then
  local its = 0
  for _, tenant in ipairs(redis.call('HVALS', KEYS[3])) do
    if tenant == ARGV[3] then its = its + 1 end
  end
  if its >= tonumber(ARGV[4]) then return -1 end
end
if redis.call('SCARD', KEYS[2]) >= tonumber(ARGV[2]) then return 0 end
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
redis.call('ZADD', KEYS[1], 0, ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
return 1
