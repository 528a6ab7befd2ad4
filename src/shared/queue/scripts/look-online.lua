-- Looks at online requests that take long.
-- KEYS none
-- ARGV 1 prefix of the keys of requests  2 prefix of the channels of workers
--      3 longest note of a worker that has taken a request  4.. ids
-- Returns for each id: `waiting`, `taken`, or `lost`: the worker that has taken it is gone, or Redis has lost it.
-- Guarantee: changes nothing. An empty message shows whether a worker still listens.
local states, lives = {}, {}
for i = 4, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  local length = redis.call('STRLEN', key)
  local note = length <= tonumber(ARGV[3]) and redis.call('GET', key) or 'w'
  local state = 'waiting'
  if length == 0 then
    state = 'lost'
  elseif string.sub(note, 1, 1) == 't' then
    local channel = ARGV[2] .. string.sub(note, 2)
    if lives[channel] == nil then lives[channel] = redis.call('PUBLISH', channel, '') > 0 end
    state = lives[channel] and 'taken' or 'lost'
  end
  states[#states + 1] = state
end
return states
