-- Takes a delivery out whose attempt has begun, until an operator decides about its message. It costs no attempt.
-- KEYS  1 delivery  2 shelf  3 due index  4 hand  5 quarantine  6 event stream
-- ARGV  1 ref  2 epoch under which the attempt began  3 name of the shelf  4 when it expires, epoch ms
--       5 field of the quarantine  6 entry JSON  7 event JSON
-- Returns  1 taken out, 0 the delivery has ended, or the attempt is not ours any more.
local record = redis.call('HMGET', KEYS[1], 'state', 'epoch', 'due')
if record[1] ~= 'sending' or record[2] ~= ARGV[2] then return 0 end
redis.call('HINCRBY', KEYS[1], 'attempts', -1)
redis.call('HSET', KEYS[1], 'state', 'paused', 'shelf', ARGV[3])
redis.call('ZADD', KEYS[2], record[3], ARGV[1])
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
redis.call('HSETNX', KEYS[5], ARGV[5], ARGV[6])
redis.call('XADD', KEYS[6], '*', 'e', ARGV[7])
return 1
