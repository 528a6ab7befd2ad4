-- Counts published blocks of a job, each once. The part on storage is the durable commit. This script makes it count.
-- KEYS 1 job  2 window  3 runs  4 attempts  5 committed  6 events  7 stats  8 run errors  9 journal  10 parts  11 lease
--      12 records
-- ARGV 1 now ms  2 channel of progress  3 job id
--      4 JSON {names of stats, lease: the feeder's token ('' if runs commit),
--        blocks: [{block, token of its run, succeeded, failed, stats}]}
--      5 time to live of records that no feeder takes out, ms
--      6.. for each block the record of its part ('' none)
-- Returns for each block 1 counted, 0 counted before, -1 another run or another feeder has taken over.
-- Guarantee: idempotent per block. Rows are counted nowhere else. Records are kept only for a feeder that takes them
-- out, and only up to its limit.
local commits = cjson.decode(ARGV[4])
local out, counted, attempts, sums, records = {}, {}, {}, {}, {}
local succeeded, failed, adopted, blocks_with_rows = 0, 0, 0, 0
local feeder = commits.lease ~= '' and redis.call('GET', KEYS[11]) == commits.lease
for i, commit in ipairs(commits.blocks) do
  local block, token = commit.block, commit.token
  if redis.call('GETBIT', KEYS[5], block) == 1 then
    out[i] = 0
  elseif not feeder and redis.call('HGET', KEYS[3], block) ~= token then
    out[i] = -1
  else
    redis.call('SETBIT', KEYS[5], block, 1)
    out[i] = 1
    counted[#counted + 1] = block
    attempts[#attempts + 1] = block
    attempts[#attempts + 1] = block .. ':failed'
    succeeded = succeeded + commit.succeeded
    failed = failed + commit.failed
    if ARGV[5 + i] ~= '' then records[#records + 1] = ARGV[5 + i] end
    -- A task that writes files has no rows. It is no block of the dataset.
    if commit.succeeded + commit.failed > 0 then blocks_with_rows = blocks_with_rows + 1 end
    for k, value in ipairs(commit.stats) do sums[k] = (sums[k] or 0) + value end
  end
end
if #counted == 0 then return out end
if #records > 0 then
  local most = tonumber(redis.call('HGET', KEYS[1], 'records_limit') or 0)
  local waiting = most > 0 and redis.call('LLEN', KEYS[12])
  if waiting and waiting < most then
    redis.call('RPUSH', KEYS[12], unpack(records))
    if waiting == 0 then redis.call('PEXPIRE', KEYS[12], ARGV[5]) end
  end
end
redis.call('HDEL', KEYS[2], unpack(counted))
redis.call('HDEL', KEYS[3], unpack(counted))
redis.call('HDEL', KEYS[4], unpack(attempts))
redis.call('HDEL', KEYS[8], unpack(counted))
redis.call('HDEL', KEYS[9], unpack(counted))
redis.call('HDEL', KEYS[10], unpack(counted))
local newly_failed = failed
succeeded = redis.call('HINCRBY', KEYS[1], 'succeeded', succeeded)
failed = redis.call('HINCRBY', KEYS[1], 'failed', failed)
local done = redis.call('HINCRBY', KEYS[1], 'done', blocks_with_rows)
for k, sum in ipairs(sums) do
  local name = commits.names[k]
  if name == 'rows_adopted' then adopted = sum end
  -- The counts of a delta job and of the result cache, and the errors by code, are part of the job's record.
  local prefix = string.sub(name, 1, 6)
  local key = (prefix == 'delta_' or prefix == 'error_' or prefix == 'cache_') and KEYS[1] or KEYS[7]
  if sum ~= 0 then redis.call('HINCRBY', key, name, string.format('%.0f', sum)) end
end

-- Rows of an earlier job's parts count, but not for the rate.
local computed = succeeded + failed - redis.call('HINCRBY', KEYS[1], 'adopted', adopted)
-- The rate covers the last 5 to 10 s. Two marks delimit it. They advance when the newer one is 5 s old.
local now = tonumber(ARGV[1])
local mark, mark_at, first = unpack(redis.call('HMGET', KEYS[1], 'mark', 'mark_at', 'first_read_at'))
if computed > 0 then
  if not mark_at then
    first = first or ARGV[1]
    redis.call('HSET', KEYS[1], 'mark', 0, 'mark_at', first, 'old_mark', 0, 'old_mark_at', first)
  elseif now - tonumber(mark_at) >= 5000 then
    redis.call('HSET', KEYS[1], 'old_mark', mark, 'old_mark_at', mark_at, 'mark', computed, 'mark_at', ARGV[1])
  end
end
if blocks_with_rows > 0 then redis.call('HSET', KEYS[1], 'committed_at', ARGV[1]) end
redis.call('XADD', KEYS[6], 'MAXLEN', '~', 1000, '*', 'type', 'progress', 'data', cjson.encode(
  {block = tonumber(counted[#counted]), succeeded = succeeded, failed = failed, blocks_done = done}))
redis.call('PUBLISH', ARGV[2], ARGV[3] .. '/' .. redis.call('HLEN', KEYS[2]) .. '/' .. newly_failed)
return out
