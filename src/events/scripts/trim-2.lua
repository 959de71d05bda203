-- Forgets events that are safe on disk; only the holder of the lease may.
-- KEYS: 1 the lease, 2 the stream
-- ARGV: 1 owner, 2 epoch, 3 stream id of the last event on disk
-- Returns how many entries were forgotten, -1 when the lease is not ours any more.
local lease = redis.call('HMGET', KEYS[1], 'owner', 'epoch')
if lease[1] ~= ARGV[1] or lease[2] ~= ARGV[2] then return -1 end
local ms, seq = string.match(ARGV[3], '^(%d+)-(%d+)$')
return redis.call('XTRIM', KEYS[2], 'MINID', '=', ms .. '-' .. string.format('%.0f', tonumber(seq) + 1))
