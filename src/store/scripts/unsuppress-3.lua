-- Takes addresses off an account's suppression list.
-- KEYS  1 suppression hash  2 set of accounts that suppress somebody  3 revision of the settings
-- ARGV  1 channel  2 account  3 address  4 address …
-- Returns how many were on it
local removed = 0
for i = 3, #ARGV do
  removed = removed + redis.call('HDEL', KEYS[1], ARGV[i])
end
if redis.call('EXISTS', KEYS[1]) == 0 and redis.call('SREM', KEYS[2], ARGV[2], ARGV[2] .. '\0forgotten') > 0 then
  redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
end
return removed
