-- Puts the next blocks of a job into its window, and saves the cursor after them.
-- KEYS 1 job  2 window  3 lease  4 committed
-- ARGV 1 lease token  2 cursor after the last block ('' keeps the saved one)  3.. block, rows pairs in block order
-- Returns how many blocks were reserved, -1 lease lost, -2 the job takes no blocks now. A block that is already
-- committed counts as reserved, but does not enter the window.
-- Guarantee: fenced by the lease. Blocks are reserved in order, each once.
if redis.call('GET', KEYS[3]) ~= ARGV[1] then return -1 end
local status = redis.call('HGET', KEYS[1], 'status')
if status ~= 'running' and status ~= 'queued' then return -2 end
local next_block = tonumber(redis.call('HGET', KEYS[1], 'next_block'))
local n, entries = 0, {}
for i = 3, #ARGV, 2 do
  if tonumber(ARGV[i]) == next_block then
    if redis.call('GETBIT', KEYS[4], ARGV[i]) == 0 then
      entries[#entries + 1] = ARGV[i]
      entries[#entries + 1] = '0|' .. ARGV[i + 1]
    end
    next_block = next_block + 1
    n = n + 1
  end
end
if #entries > 0 then redis.call('HSET', KEYS[2], unpack(entries)) end
-- If the blocks do not follow the job's last one, moving the cursor would skip rows.
if n > 0 then
  redis.call('HSET', KEYS[1], 'next_block', next_block)
  if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'cursor', ARGV[2]) end
end
return n
