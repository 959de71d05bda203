-- Takes a delivery out until an operator resumes what he paused.
-- KEYS  1 delivery  2 shelf  3 due index  4 hand  5 pauses
-- ARGV  1 ref  2 run that the caller knows  3 name of the pause  4 when it expires, epoch ms
-- Returns  1 shelved, 0 the delivery has ended, is another run, or is being sent, or the pause was lifted meanwhile.
if redis.call('HEXISTS', KEYS[5], ARGV[3]) == 0 then return 0 end
local record = redis.call('HMGET', KEYS[1], 'run', 'state', 'due')
if record[1] ~= ARGV[2] or record[2] ~= 'waiting' then return 0 end
redis.call('HSET', KEYS[1], 'state', 'paused', 'shelf', ARGV[3])
redis.call('ZADD', KEYS[2], record[3], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
return 1
