-- Adds to what users handed in within an hour, and keeps the busiest hour of each on that day.
-- KEYS  1 hash of the hour  2 hash of the day's busiest hours
-- ARGV  1 how long the hour is kept, milliseconds  2 how long the day is  then pairs: user, how many more
-- Returns nothing
for i = 3, #ARGV, 2 do
  local sum = redis.call('HINCRBY', KEYS[1], ARGV[i], ARGV[i + 1])
  local peak = tonumber(redis.call('HGET', KEYS[2], ARGV[i]) or '0')
  if sum > peak then redis.call('HSET', KEYS[2], ARGV[i], sum) end
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
