-- Takes or renews a lease; a new holder gets a new epoch, larger than any before (Redis' own time, microseconds).
-- KEYS: 1 the lease (hash: owner, epoch; expires)
-- ARGV: 1 owner, 2 milliseconds it lasts
-- Returns the epoch when ARGV[1] holds the lease, else '0'.
local owner = redis.call('HGET', KEYS[1], 'owner')
if owner and owner ~= ARGV[1] then return '0' end
if not owner then
  local now = redis.call('TIME')
  local epoch = now[1] .. string.format('%06d', now[2])
  redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'epoch', epoch)
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('HGET', KEYS[1], 'epoch')
