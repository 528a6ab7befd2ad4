-- Changes a job's status by compare-and-set.
-- KEYS 1 job  2 events  3 lease
-- ARGV 1 to  2 allowed from, comma-separated  3 now ms  4 wake channel  5 job id
--      6 lease token that the caller must hold ('' none)  7.. field, value pairs to set as well
-- Returns {1, from} changed, {0, status} not allowed from that status, {-1, ''} no such job, {-2, ''} lease lost.
local status = redis.call('HGET', KEYS[1], 'status')
if not status then return {-1, ''} end
if ARGV[6] ~= '' and redis.call('GET', KEYS[3]) ~= ARGV[6] then return {-2, ''} end
local allowed = false
for from in string.gmatch(ARGV[2], '[^,]+') do
  if from == status then allowed = true end
end
if not allowed then return {0, status} end
redis.call('HSET', KEYS[1], 'status', ARGV[1], 'changed_at', ARGV[3])
for i = 7, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', 1000, '*', 'type', 'status', 'data', cjson.encode({status = ARGV[1]}))
redis.call('PUBLISH', ARGV[4], ARGV[5])
return {1, status}
