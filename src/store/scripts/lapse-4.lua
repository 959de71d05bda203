-- Forgets an entry of a suppression list that has ended.
-- KEYS  1 suppression hash  2 set of accounts that suppress somebody  3 revision of the settings  4 entries by when they end
-- ARGV  1 channel  2 account  3 now, epoch ms  4 field
-- Returns 1 when it was on the list
local old = redis.call('HGET', KEYS[1], ARGV[4])
local ends = old and tonumber(string.match(old, '"until":(%d+)'))
redis.call('ZREM', KEYS[4], ARGV[2] .. '\0' .. ARGV[4])
if not ends or ends > tonumber(ARGV[3]) then return 0 end
redis.call('HDEL', KEYS[1], ARGV[4])
if redis.call('EXISTS', KEYS[1]) == 0 and redis.call('SREM', KEYS[2], ARGV[2], ARGV[2] .. '\0forgotten') > 0 then
  redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
end
return 1
