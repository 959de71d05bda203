-- Keeps a message that the sandbox caught; the oldest go when there are too many or they are too large together.
-- KEYS  1 list of ids, newest first  2 hash of summaries  3 hash of contents  4 bytes held
-- ARGV  1 id  2 summary as JSON  3 content  4 how many to keep  5 how many bytes to keep
-- Returns how many are kept. A message caught twice (an attempt that was repeated) is kept once.
if redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2]) == 0 then return redis.call('LLEN', KEYS[1]) end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[3])
local held = redis.call('INCRBY', KEYS[4], #ARGV[3])
local count = redis.call('LPUSH', KEYS[1], ARGV[1])
while count > 1 and (count > tonumber(ARGV[4]) or held > tonumber(ARGV[5])) do
  local oldest = redis.call('RPOP', KEYS[1])
  held = redis.call('DECRBY', KEYS[4], redis.call('HSTRLEN', KEYS[3], oldest))
  redis.call('HDEL', KEYS[2], oldest)
  redis.call('HDEL', KEYS[3], oldest)
  count = count - 1
end
return count
