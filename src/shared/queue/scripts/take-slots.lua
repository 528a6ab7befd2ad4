-- Takes slots of a queue for blocks of one job, in block order. Shares them by tenant, then by job, within a priority.
-- KEYS 1 slots  2 feeders  3 shares  4 turns  5 tallies
-- ARGV 1 job  2 tenant  3 priority  4 limit  5 how long the request is valid, ms
--      6 maximum slots of the job (its window)  7 slots that keep all lanes busy  8 rows per block
--      9 '1' if the job has more rows than its window holds  10 after how long without any slot a job gets one, ms
--      11.. blocks, or none to renew the job's request only
-- Returns {how many of the blocks, counted from the first, have a slot now; why the next one has none: '', 'window',
-- 'share', 'limit' or 'priority'; 1 if a job with a worse priority holds slots; for each granted block, how many
-- thousandths of the waiting blocks it should go ahead of}.
-- A job holds at most half of the limit. A job that holds fewer than 2 slots may take some above the limit. Better
-- priorities come first. A job waits while another one that wants more has been served fewer rows, unless lanes could
-- run out of blocks. Jobs of different tenants are compared by what their tenants were served. If both sides were
-- served about the same, the one that holds fewer slots comes first.
-- When a job joins, its rivals already have blocks on the queue. Its own blocks go between them, as if all jobs had
-- joined at the same time (place-blocks.lua).
-- A call compares the job only with those that come next, so its cost does not grow with the number of jobs. `turns`
-- and `tallies` are derived from the other keys. They are made again once per second, and when they do not fit, because
-- an older version changes only the other keys.
-- Guarantee: idempotent per block. Redis' clock times the requests, so a feeder with a wrong clock gains nothing.
-- Jobs of an older version, which have no share, count only by the slots that they hold.
local job, tenant, priority, limit = ARGV[1], ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local valid_until = now + tonumber(ARGV[5])
local half = math.max(2, math.floor(limit / 2))
local cap = math.min(half, tonumber(ARGV[6]))
local feed = math.min(limit, tonumber(ARGV[7]))
local rows, is_full, patience, first = tonumber(ARGV[8]), ARGV[9] == '1', tonumber(ARGV[10]), 11
-- A feeder asks again when a quarter of its window is free. Jobs that are this close count as served the same.
local refill = rows * math.ceil(cap / 4)
-- Shares expire, because nobody removes what a tenant was served once all its jobs are gone.
local KEPT_MS = 3600000
local MAKE_AGAIN_MS = 1000
-- How many others of each kind the job is compared with: siblings, tenants, and jobs of each tenant.
local SIBLINGS, TENANTS, JOBS = 6, 4, 2
local text = function(n) return string.format('%.0f', n) end

-- The share of a job:
-- `<tenant> <priority> <rows per block> <refill> <wants more until, ms> <last grant, ms> <rows served>`.
-- A tenant's field is `<priority> <tenant>`, and its value is the rows served. Rows are served once their block has a
-- slot.
local function read_share(value)
  local t, p, n, r, until_ms, at, served = string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
  return {tenant = p .. ' ' .. t, priority = tonumber(p), rows = tonumber(n), refill = tonumber(r), at = tonumber(at),
    served = tonumber(served), wants = tonumber(until_ms) >= now}
end

-- `turns` is sorted by text, so that a range of it holds those that come next. Its members:
-- `wait <priority> <tenant> <rows served> <job>`: it waits for a slot that it may take.
-- `more ...`: it only wants more. `rest ...`: it only holds slots.
-- `next <priority> <rows served> <tenant>`: a tenant with such jobs.
-- `old <priority> <job>`: it waits, but has no share.
local function padded(field)
  local p, t = string.match(field, '^(%d+) (%S+)$')
  return string.format('%03d ', p) .. t
end
local function job_turn(kind, field, served, id)
  return kind .. ' ' .. padded(field) .. string.format(' %020.0f ', served) .. id
end
local function tenant_turn(field, served)
  local p, t = string.match(field, '^(%d+) (%S+)$')
  return string.format('next %03d %020.0f ', p, served) .. t
end
-- The last words of the first members that begin with a text.
local function first_of(prefix, most)
  local found = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. prefix, '(' .. prefix .. '\255', 'LIMIT', 0, most)
  for i, member in ipairs(found) do found[i] = string.match(member, '%S+$') end
  return found
end

-- `tallies`: a job > slots that it holds. `<priority> <tenant>:held` and `:open` > slots and rows on the queue of its
-- jobs. `:total`, `:shares`, `:at` and `:limit`: slots, fields of `shares`, when it was made, and the last limit.
local function make_again()
  local held, tally, waits, turns, live = {}, {}, {}, {}, {}
  local function count(field, n) tally[field] = (tally[field] or 0) + n end
  for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local owner = string.match(member, '^([^/]+)/')
    held[owner] = (held[owner] or 0) + 1
    count(':total', 1)
  end
  local feeders = redis.call('HGETALL', KEYS[2])
  for i = 1, #feeders, 2 do
    local p, until_ms = string.match(feeders[i + 1], '^(%d+):(%d+)$')
    if tonumber(until_ms) < now then redis.call('HDEL', KEYS[2], feeders[i])
    else waits[feeders[i]] = tonumber(p) end
  end
  local shares, tenants = redis.call('HGETALL', KEYS[3]), {}
  for i = 1, #shares, 2 do
    local id, value = shares[i], shares[i + 1]
    if string.find(id, ' ', 1, true) then tenants[id] = tonumber(value)
    else
      local share, slots = read_share(value), held[id] or 0
      if slots == 0 and not share.wants and not waits[id] and id ~= job then redis.call('HDEL', KEYS[3], id)
      else
        local kind = not share.wants and 'rest' or waits[id] and 'wait' or 'more'
        turns[#turns + 1] = job_turn(kind, share.tenant, share.served, id)
        count(share.tenant .. ':held', slots)
        count(share.tenant .. ':open', slots * share.rows)
        live[share.tenant] = true
      end
      waits[id] = nil
    end
  end
  for field, served in pairs(tenants) do
    if live[field] then turns[#turns + 1] = tenant_turn(field, served) else redis.call('HDEL', KEYS[3], field) end
  end
  for id, p in pairs(waits) do turns[#turns + 1] = string.format('old %03d ', p) .. id end
  redis.call('DEL', KEYS[4], KEYS[5])
  for _, member in ipairs(turns) do redis.call('ZADD', KEYS[4], 0, member) end
  for id, n in pairs(held) do redis.call('HSET', KEYS[5], id, n) end
  for field, n in pairs(tally) do redis.call('HSET', KEYS[5], field, n) end
  redis.call('HSET', KEYS[5], ':shares', redis.call('HLEN', KEYS[3]), ':at', now)
end
local function tally_of(field) return tonumber(redis.call('HGET', KEYS[5], field) or 0) end

local total = redis.call('SCARD', KEYS[1])
if tally_of(':total') ~= total or tally_of(':shares') ~= redis.call('HLEN', KEYS[3])
  or now - tally_of(':at') >= MAKE_AGAIN_MS then make_again() end

local function job_of(id)
  local value = redis.call('HGET', KEYS[3], id)
  if not value then return nil end
  local share = read_share(value)
  share.held = tally_of(id)
  share.open = share.held * share.rows
  return share
end
local own_field = priority .. ' ' .. tenant
local function tenant_of(field)
  return {served = tonumber(redis.call('HGET', KEYS[3], field) or nil), held = tally_of(field .. ':held'),
    open = tally_of(field .. ':open')}
end

-- Those that the job is compared with.
local rivals, siblings, others, tenants = {}, {}, {}, {}
local function meet(kind, field, most)
  local found = {}
  for _, id in ipairs(first_of(kind .. ' ' .. padded(field) .. ' ', most)) do
    local share = id ~= job and job_of(id)
    if share and share.wants then
      share.waits = kind == 'wait'
      rivals[#rivals + 1] = share
      found[#found + 1] = share
    end
  end
  return found
end
for _, kind in ipairs({'wait', 'more'}) do
  for _, share in ipairs(meet(kind, own_field, SIBLINGS)) do siblings[#siblings + 1] = share end
end
for _, name in ipairs(first_of(string.format('next %03d ', priority), TENANTS)) do
  local field = priority .. ' ' .. name
  if field ~= own_field then
    tenants[field] = tenant_of(field)
    local wants = #meet('wait', field, JOBS) + #meet('more', field, JOBS)
    if tenants[field].served and wants > 0 then others[#others + 1] = tenants[field] end
  end
end
local function meet_waiting(prefix, upto, get)
  local range = redis.call('ZRANGEBYLEX', KEYS[4], '[' .. prefix, '(' .. upto, 'LIMIT', 0, SIBLINGS)
  for _, member in ipairs(range) do
    local p, id = string.match(member, '^%a+ (%d+) .-(%S+)$')
    rivals[#rivals + 1] = get(id, tonumber(p))
  end
end
meet_waiting('wait ', string.format('wait %03d', priority), function(id)
  local share = job_of(id)
  if share then share.waits = share.wants end
  return share
end)
meet_waiting('old ', string.format('old %03d\255', priority), function(id, p)
  return {priority = p, held = tally_of(id), waits = true}
end)

local outranks = 0
local worse = redis.call('ZREVRANGEBYLEX', KEYS[4], '(next \255', '[' .. string.format('next %03d', priority + 1), 'LIMIT', 0, SIBLINGS)
for _, member in ipairs(worse) do
  local p, t = string.match(member, '^next (%d+) %d+ (%S+)$')
  if tally_of(tonumber(p) .. ' ' .. t .. ':held') > 0 then outranks = 1 end
end

-- A job that did not want more for a while gains nothing by it. It begins with what the least served of the others has
-- been served, without the rows that are still on the queue.
local function begin_at(mine, goes_on, others)
  if goes_on and mine then return mine end
  local least
  for _, other in ipairs(others) do
    local done = other.served - other.open
    if not least or done < least then least = done end
  end
  return math.max(mine or 0, least or 0)
end
local me, own = job_of(job), tenant_of(own_field)
local was_asking, served_before, own_before = me ~= nil and me.wants, me and me.served, own.served
if not me then
  me = {held = tally_of(job), at = now}
  own.held = own.held + me.held
  own.open = own.open + me.held * rows
end
me.served = begin_at(me.served, was_asking, siblings)
own.served = begin_at(own.served, was_asking or #siblings > 0, others)

-- How far this job is ahead of a rival, in rows, and the slots that each side holds.
local function compare(rival)
  if not rival.tenant then return 0, me.held, rival.held end
  if rival.tenant == own_field then return me.served - rival.served, me.held, rival.held end
  local theirs = tenants[rival.tenant]
  return own.served - theirs.served, own.held, theirs.held
end

local function why_not()
  if me.held >= cap then return 'window' end
  local is_patient = me.held > 0 or now - me.at < patience
  if total >= feed and is_patient then
    for _, rival in ipairs(rivals) do
      if rival.priority == priority and rival.wants and compare(rival) > math.min(refill, rival.refill) then
        return 'share'
      end
    end
  end
  if me.held < 2 then return '' end
  if total >= limit then return 'limit' end
  for _, rival in ipairs(rivals) do
    if rival.waits and rival.held < half then
      if rival.priority < priority then return 'priority' end
      local ahead, mine, its = compare(rival)
      if ahead >= -math.min(refill, rival.refill or refill) and its < mine then return 'share' end
    end
  end
  return ''
end

-- How many thousandths of the waiting blocks the job's next block should go ahead of. A rival whose lead why_not()
-- allows stays ahead.
local function part_behind()
  local part = 0
  for _, rival in ipairs(rivals) do
    if rival.priority == priority and rival.tenant then
      local ahead = -compare(rival)
      local open = rival.tenant == own_field and rival.open or tenants[rival.tenant].open
      if open > 0 and ahead > math.min(refill, rival.refill) + rival.rows then
        part = math.max(part, math.min(1, ahead / open))
      end
    end
  end
  return math.floor(1000 * part)
end

local granted, why, parts = 0, '', {}
for i = first, #ARGV do
  local member = job .. '/' .. ARGV[i]
  if redis.call('SISMEMBER', KEYS[1], member) == 0 then
    why = why_not()
    if why ~= '' then break end
    redis.call('SADD', KEYS[1], member)
    parts[granted + 1] = part_behind()
    me.held = me.held + 1
    me.served = me.served + rows
    me.at = now
    own.held = own.held + 1
    own.open = own.open + rows
    own.served = own.served + rows
    total = total + 1
  end
  granted = granted + 1
  parts[granted] = parts[granted] or 0
end

local is_short = granted < #ARGV - first + 1
if is_short then redis.call('HSET', KEYS[2], job, priority .. ':' .. valid_until)
else redis.call('HDEL', KEYS[2], job) end
local wants = is_short or is_full
redis.call('HSET', KEYS[3], own_field, text(own.served), job, table.concat({tenant, priority, text(rows), text(refill),
  wants and text(valid_until) or '0', text(me.at), text(me.served)}, ' '))

if served_before then
  for _, kind in ipairs({'wait', 'more', 'rest'}) do
    redis.call('ZREM', KEYS[4], job_turn(kind, own_field, served_before, job))
  end
end
if own_before then redis.call('ZREM', KEYS[4], tenant_turn(own_field, own_before)) end
-- A job whose window is full cannot take a slot, so nobody has to leave one to it.
local kind = not wants and 'rest' or is_short and me.held < tonumber(ARGV[6]) and 'wait' or 'more'
redis.call('ZADD', KEYS[4], 0, job_turn(kind, own_field, me.served, job), 0, tenant_turn(own_field, own.served))
redis.call('HSET', KEYS[5], job, me.held, own_field .. ':held', text(own.held), own_field .. ':open', text(own.open),
  ':total', total, ':shares', redis.call('HLEN', KEYS[3]), ':limit', limit)
for i = 3, 5 do redis.call('PEXPIRE', KEYS[i], KEPT_MS) end
return {granted, why, outranks, parts}
