-- Changes one figure of a warming transport's day: a message given back, or what the other side made of one.
-- KEYS  1 the transport's counts of a day
-- ARGV  1 figure and provider, such as "used gmail"  2 how much is added, never below 0 in all  3 life of the counts, ms
-- Returns  the figure now.
local now = redis.call('HINCRBY', KEYS[1], ARGV[1], ARGV[2])
if now < 0 then
  redis.call('HSET', KEYS[1], ARGV[1], 0)
  now = 0
end
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return now
