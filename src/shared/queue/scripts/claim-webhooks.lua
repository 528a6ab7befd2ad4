-- Claims jobs whose webhook is due, for the time of a lease. No other process gets them meanwhile. If the claimer dies,
-- they are due again after the lease.
-- KEYS 1 webhooks (sorted set of jobs by due time)
-- ARGV 1 now ms  2 lease ms  3 maximum jobs
-- Returns the claimed jobs, the longest overdue first.
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, job in ipairs(due) do redis.call('ZADD', KEYS[1], ARGV[1] + ARGV[2], job) end
return due
