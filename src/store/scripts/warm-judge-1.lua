-- Stores how far a warm-up is, unless another process was faster.
-- KEYS  1 progress of all warm-ups, by transport
-- ARGV  1 transport  2 what it said before ("" nothing)  3 what it says now
-- Returns  what it says now, ours or the other's.
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then return now end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return ARGV[3]
