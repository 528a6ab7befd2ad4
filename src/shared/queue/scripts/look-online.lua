-- Looks at online requests that take long.
-- KEYS none
-- ARGV 1 prefix of the keys of requests  2 prefix of the channels of workers
--      3 longest note of a worker that has taken a request  4 the API that asks  5.. ids
-- Returns for each id: `waiting`, `taken`, or `lost`: the worker that has taken it is gone, or Redis has lost it.
-- Guarantee: changes nothing. A message to a worker shows whether it still listens. It names the requests, so that the
-- worker can say which of them it does not have.
local states, channels, asked = {}, {}, {}
for i = 5, #ARGV do
  local key = ARGV[1] .. ARGV[i]
  local length = redis.call('STRLEN', key)
  local note = length <= tonumber(ARGV[3]) and redis.call('GET', key) or 'w'
  local state = 'waiting'
  if length == 0 then
    state = 'lost'
  elseif string.sub(note, 1, 1) == 't' then
    local channel = ARGV[2] .. string.sub(note, 2)
    asked[channel] = (asked[channel] or '?' .. ARGV[4]) .. ' ' .. ARGV[i]
    channels[i - 4] = channel
    state = 'taken'
  end
  states[#states + 1] = state
end
local lives = {}
for channel, message in pairs(asked) do lives[channel] = redis.call('PUBLISH', channel, message) > 0 end
for i, channel in pairs(channels) do
  if not lives[channel] then states[i] = 'lost' end
end
return states
