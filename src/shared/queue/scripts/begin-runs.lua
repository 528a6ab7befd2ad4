-- Begins runs of a job's blocks. Returns their rows, and makes each caller's token the one that may commit.
-- KEYS 1 job  2 window  3 runs  4 attempts  5 journal  6 parts
-- ARGV 1 now ms  2 '1' to return the spec  3.. block, generation, run token of each
-- Returns {spec or '', 1 if the job has no further block to begin, then for each block {rows, runs begun, runs that
-- ended with an error, journal, hashes of parts that its runs announced}}. The entry is {} if the run must not
-- continue: the block is committed or withdrawn, has a newer generation, or the job is not running.
local status, spec, fed = unpack(redis.call('HMGET', KEYS[1], 'status', 'spec', 'fed_all'))
local out = {ARGV[2] == '1' and spec or '', 0}
local blocks, tokens = {}, {}
for i = 3, #ARGV, 3 do blocks[#blocks + 1] = ARGV[i] end
local entries = status == 'running' and redis.call('HMGET', KEYS[2], unpack(blocks)) or {}
for i, block in ipairs(blocks) do
  local entry, generation, token = entries[i], ARGV[3 * i + 1], ARGV[3 * i + 2]
  local bar = entry and string.find(entry, '|', 1, true)
  if bar and string.sub(entry, 1, bar - 1) == generation then
    tokens[#tokens + 1] = block
    tokens[#tokens + 1] = token
    local attempts = redis.call('HINCRBY', KEYS[4], block, 1)
    local failed, journal, parts = 0, false, false
    -- Before a first run there is nothing to read.
    if attempts > 1 then
      failed = tonumber(redis.call('HGET', KEYS[4], block .. ':failed') or 0)
      journal = redis.call('HGET', KEYS[5], block)
      parts = redis.call('HGET', KEYS[6], block)
    end
    out[#out + 1] = {string.sub(entry, bar + 1), attempts, failed, journal, parts}
  else
    out[#out + 1] = {}
  end
end
if #tokens > 0 then
  redis.call('HSET', KEYS[3], unpack(tokens))
  redis.call('HSETNX', KEYS[1], 'first_read_at', ARGV[1])
  if fed == '1' and redis.call('HLEN', KEYS[2]) <= redis.call('HLEN', KEYS[3]) then out[2] = 1 end
end
return out
