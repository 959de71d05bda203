-- Takes or renews a lease. A new holder gets a new epoch; who held it before is fenced by the number.
-- KEYS  1 lease  2 epoch counter
-- ARGV  1 owner  2 life, ms
-- Returns  {1, epoch, "new" | "kept"} held, {0} another's.
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return { 1, redis.call('HGET', KEYS[1], 'epoch'), 'kept' }
end
if owner then return { 0 } end
local epoch = redis.call('INCR', KEYS[2])
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return { 1, tostring(epoch), 'new' }
