-- Adds to what is counted of one domain's TLS on one day; new domains and new counters only while there is room.
-- KEYS  1 set of the day's domains  2 hash of the domain and day
-- ARGV  1 how long both are kept, milliseconds  2 how many domains a day may have  3 how many fields a domain may have
--       4 the domain  5 number of counters, then pairs: counter, how many more; then pairs: name, text
-- Returns 1, or 0 where the day has no room for the domain
if redis.call('SISMEMBER', KEYS[1], ARGV[4]) == 0 then
  if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
  redis.call('SADD', KEYS[1], ARGV[4])
end
local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[2])
local last = 5 + 2 * tonumber(ARGV[5])
for i = 6, #ARGV, 2 do
  local known = redis.call('HEXISTS', KEYS[2], ARGV[i]) == 1
  if known or room > 0 then
    if not known then room = room - 1 end
    if i <= last then
      redis.call('HINCRBY', KEYS[2], ARGV[i], ARGV[i + 1])
    else
      redis.call('HSET', KEYS[2], ARGV[i], ARGV[i + 1])
    end
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
