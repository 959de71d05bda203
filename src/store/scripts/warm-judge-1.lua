-- Stores how far a warm-up is, unless another process was faster.
-- KEYS  1 progress of all warm-ups, by transport
-- ARGV  1 transport  2 what it said before ("" nothing)  3 what it says now
-- Returns  {"1", what it says now} stored, {"0", what it says now} another was faster.
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then return { '0', now } end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return { '1', ARGV[3] }
