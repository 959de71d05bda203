-- Adds to the counters of one span of time; new ones only while there is room.
-- KEYS  1 hash of the span
-- ARGV  1 how long it is kept, milliseconds  2 how many counters it may have  then pairs: counter, how many more
-- Returns how many pairs found no room
local room = tonumber(ARGV[2]) - redis.call('HLEN', KEYS[1])
local lost = 0
for i = 3, #ARGV, 2 do
  if redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  elseif room > 0 then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    room = room - 1
  else
    lost = lost + 1
  end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return lost
