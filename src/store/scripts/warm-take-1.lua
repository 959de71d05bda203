-- Counts one message of a warming transport, where the day still has room for it.
-- KEYS  1 the transport's counts of a day
-- ARGV  1 provider  2 how many may leave on that day ("" no limit)  3 life of the counts, ms
-- Returns  {1, used} counted, {0, used} full.
local field = 'used ' .. ARGV[1]
local used = tonumber(redis.call('HGET', KEYS[1], field) or '0')
if ARGV[2] ~= '' and used >= tonumber(ARGV[2]) then return { 0, used } end
used = redis.call('HINCRBY', KEYS[1], field, 1)
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return { 1, used }
