-- Puts addresses on an account's suppression list. One that is there keeps its reason and date, unless it has ended, or ends
-- before the new one does.
-- KEYS  1 suppression hash  2 set of accounts that suppress somebody  3 revision of the settings  4 entries by when they end
-- ARGV  1 channel  2 account  3 now, epoch ms  4 field  5 entry as JSON  6 when it ends, epoch ms ("": never)  7 field …
-- Returns how many were new
local now = tonumber(ARGV[3])
local added = 0
local forgotten = false
for i = 4, #ARGV, 3 do
  local field, ends = ARGV[i], tonumber(ARGV[i + 2])
  local old = redis.call('HGET', KEYS[1], field)
  local oldEnds = old and tonumber(string.match(old, '"until":(%d+)'))
  if string.find('\n' .. field, '\nforgotten:', 1, true) then forgotten = true end
  local stands = old and (not oldEnds or oldEnds > now)
  if not stands then added = added + 1 end
  if not stands or (oldEnds and (not ends or ends > oldEnds)) then
    redis.call('HSET', KEYS[1], field, ARGV[i + 1])
    local member = ARGV[2] .. '\0' .. field
    if ends then redis.call('ZADD', KEYS[4], ends, member) elseif oldEnds then redis.call('ZREM', KEYS[4], member) end
  end
end
local new = redis.call('EXISTS', KEYS[1]) == 1 and redis.call('SADD', KEYS[2], ARGV[2]) or 0
-- Whoever looks somebody up asks for names of forgotten people where there are any.
if forgotten then new = new + redis.call('SADD', KEYS[2], ARGV[2] .. '\0forgotten') end
if new > 0 then
  redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
end
return added
