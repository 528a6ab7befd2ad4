-- Takes slots of a queue for blocks of one job, in block order. Shares them by tenant, then by job, within a priority.
-- KEYS 1 slots  2 feeders  3 shares
-- ARGV 1 job  2 tenant  3 priority  4 limit  5 how long the request is valid, ms
--      6 maximum slots of the job (its window)  7 slots that keep all lanes busy  8 rows per block
--      9 '1' if the job has more rows than its window holds  10 after how long without any slot a job gets one, ms
--      11.. blocks, or none to renew the job's request only
-- Returns {how many of the blocks, counted from the first, have a slot now; why the next one has none: '', 'window',
-- 'share', 'limit' or 'priority'; 1 if a job with a worse priority holds slots}.
-- A job holds at most half of the limit. A job that holds fewer than 2 slots may take some above the limit. Better
-- priorities come first. A job waits while another one that wants more has been served fewer rows, unless lanes could
-- run out of blocks. Jobs of different tenants are compared by what their tenants were served. If both sides were
-- served about the same, the one that holds fewer slots comes first.
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

local held, total, taken = {}, 0, {}
for _, member in ipairs(redis.call('SMEMBERS', KEYS[1])) do
  taken[member] = true
  local owner = string.match(member, '^([^/]+)/')
  held[owner] = (held[owner] or 0) + 1
  total = total + 1
end

-- Jobs that wait for slots. An older version shares only by these.
local waits = {}
local feeders = redis.call('HGETALL', KEYS[2])
for i = 1, #feeders, 2 do
  local p, until_ms = string.match(feeders[i + 1], '^(%d+):(%d+)$')
  if tonumber(until_ms) < now then redis.call('HDEL', KEYS[2], feeders[i])
  else waits[feeders[i]] = tonumber(p) end
end

-- The share of a job:
-- `<tenant> <priority> <rows per block> <refill> <wants more until, ms> <last grant, ms> <rows served>`.
-- A tenant's field is `<priority> <tenant>`, and its value is the rows served. Rows are served once their block has a
-- slot.
local jobs, tenants = {}, {}
local shares = redis.call('HGETALL', KEYS[3])
for i = 1, #shares, 2 do
  local field, value = shares[i], shares[i + 1]
  if string.find(field, ' ', 1, true) then
    tenants[field] = {served = tonumber(value), held = 0, open = 0, jobs = 0}
  else
    local t, p, n, r, until_ms, at, served = string.match(value, '^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$')
    local slots = held[field] or 0
    jobs[field] = {tenant = p .. ' ' .. t, priority = tonumber(p), refill = tonumber(r), at = tonumber(at),
      served = tonumber(served), wants = tonumber(until_ms) >= now, held = slots, open = slots * tonumber(n),
      waits = waits[field]}
  end
end
local outranks = 0
local function tenant_of(field)
  if not tenants[field] then tenants[field] = {held = 0, open = 0, jobs = 0} end
  return tenants[field]
end
for id, share in pairs(jobs) do
  if share.held == 0 and not share.wants and not share.waits and id ~= job then
    redis.call('HDEL', KEYS[3], id)
    jobs[id] = nil
  else
    local its = tenant_of(share.tenant)
    its.held = its.held + share.held
    its.open = its.open + share.open
    its.jobs = its.jobs + 1
    its.wants = its.wants or share.wants
    its.served = its.served or 0
    if share.held > 0 and share.priority > priority then outranks = 1 end
  end
end

local own_field = priority .. ' ' .. tenant
local own = tenant_of(own_field)
local me = jobs[job]
local was_asking = me ~= nil and me.wants
if not me then
  me = {held = held[job] or 0, at = now}
  own.held = own.held + me.held
end
own.jobs = own.jobs + (jobs[job] and 0 or 1)
for field, its in pairs(tenants) do
  if its.jobs == 0 then
    redis.call('HDEL', KEYS[3], field)
    tenants[field] = nil
  end
end

-- A job that did not want more for a while gains nothing by it. It begins with what the least served of the others has
-- been served, without the rows that are still on the queue.
local function begin_at(mine, goes_on, others)
  if goes_on and mine then return mine end
  local least
  for _, other in ipairs(others) do
    local done = other.served - other.open
    if other.wants and (not least or done < least) then least = done end
  end
  return math.max(mine or 0, least or 0)
end
local siblings, others = {}, {}
for id, share in pairs(jobs) do
  if id ~= job and share.tenant == own_field then siblings[#siblings + 1] = share end
end
for field, its in pairs(tenants) do
  if field ~= own_field and string.match(field, '^%d+') == tostring(priority) then others[#others + 1] = its end
end
me.served = begin_at(me.served, was_asking, siblings)
own.served = begin_at(own.served, own.wants, others)

local rivals = {}
for id, share in pairs(jobs) do
  if id ~= job and (share.wants or share.waits) then rivals[#rivals + 1] = share end
end
for id, p in pairs(waits) do
  if id ~= job and not jobs[id] then rivals[#rivals + 1] = {priority = p, held = held[id] or 0, waits = p} end
end

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
      if rival.priority == priority then
        local ahead, mine, its = compare(rival)
        if ahead >= -math.min(refill, rival.refill or refill) and its < mine then return 'share' end
      end
    end
  end
  return ''
end

local granted, why = 0, ''
for i = first, #ARGV do
  local member = job .. '/' .. ARGV[i]
  if not taken[member] then
    why = why_not()
    if why ~= '' then break end
    redis.call('SADD', KEYS[1], member)
    taken[member] = true
    me.held = me.held + 1
    me.served = me.served + rows
    me.at = now
    own.held = own.held + 1
    own.served = own.served + rows
    total = total + 1
  end
  granted = granted + 1
end

local is_short = granted < #ARGV - first + 1
if is_short then redis.call('HSET', KEYS[2], job, priority .. ':' .. valid_until)
else redis.call('HDEL', KEYS[2], job) end
local number = function(n) return string.format('%.0f', n) end
redis.call('HSET', KEYS[3], own_field, number(own.served), job, table.concat({tenant, priority, number(rows), number(refill),
  (is_short or is_full) and number(valid_until) or '0', number(me.at), number(me.served)}, ' '))
redis.call('PEXPIRE', KEYS[3], KEPT_MS)
return {granted, why, outranks}
