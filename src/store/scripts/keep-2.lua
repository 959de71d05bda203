-- Keeps a part of links that is too long for them, and counts what its account kept today.
-- KEYS  1 the text's key  2 the account's count of the day
-- ARGV  1 text  2 its life, ms  3 bytes that it counts for  4 life of the count, ms
-- Returns  bytes that the account kept today.
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return tonumber(redis.call('GET', KEYS[2]) or '0')
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local used = redis.call('INCRBY', KEYS[2], ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return used
