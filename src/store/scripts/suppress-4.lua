-- Puts addresses on an account's suppression list. One that is there keeps its reason and date, unless it has ended, or ends
-- before the new one does.
-- KEYS  1 suppression hash  2 set of accounts that suppress somebody  3 revision of the settings  4 entries by when they end
-- ARGV  1 channel  2 account  3 now, epoch ms  4 field  5 entry as JSON  6 when it ends, epoch ms ("": never)  7 field …
-- Returns how many were new
local now = tonumber(ARGV[3])
local added = 0
for i = 4, #ARGV, 3 do
  local field, ends = ARGV[i], tonumber(ARGV[i + 2])
  local old = redis.call('HGET', KEYS[1], field)
  local oldEnds = old and tonumber(string.match(old, '"until":(%d+)'))
  local stands = old and (not oldEnds or oldEnds > now)
  if not stands then added = added + 1 end
  if not stands or (oldEnds and (not ends or ends > oldEnds)) then
    redis.call('HSET', KEYS[1], field, ARGV[i + 1])
    local member = ARGV[2] .. '\0' .. field
    if ends then redis.call('ZADD', KEYS[4], ends, member) elseif oldEnds then redis.call('ZREM', KEYS[4], member) end
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('SADD', KEYS[2], ARGV[2]) == 1 then
  redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
end
return added
