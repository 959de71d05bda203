-- Puts an alert to those that wait for a rule, unless the rule had it before.
-- KEYS  1 alerts that wait  2 ids that the rule had, by time  3 what is known of the rule
-- ARGV  1 id  2 alert JSON  3 now, epoch ms  4 how many may wait  5 how many ids to remember
-- Returns  1 it is new, 0 the rule had it.
if redis.call('ZSCORE', KEYS[2], ARGV[1]) then return 0 end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -ARGV[5] - 1)
redis.call('HSETNX', KEYS[3], 'since', ARGV[3])
if redis.call('HLEN', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
else
  redis.call('HINCRBY', KEYS[3], 'more', 1)
end
return 1
