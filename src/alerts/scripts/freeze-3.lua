-- Makes a batch of what waits for a rule: from then on it is the same, however often it is sent.
-- KEYS  1 alerts that wait  2 batch  3 what is known of the rule
-- ARGV  1 hour of now, counted from 1970
-- Returns  1 there is a batch, 0 nothing waits.
if redis.call('EXISTS', KEYS[2]) == 1 then return 1 end
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('RENAME', KEYS[1], KEYS[2])
local more = redis.call('HGET', KEYS[3], 'more')
if redis.call('HGET', KEYS[3], 'hour') ~= ARGV[1] then redis.call('HSET', KEYS[3], 'hour', ARGV[1], 'mails', 0) end
redis.call('HINCRBY', KEYS[3], 'mails', 1)
redis.call('HDEL', KEYS[3], 'since', 'more')
redis.call('HSET', KEYS[3], 'left', more or 0, 'tries', 0, 'tryAt', 0)
return 1
