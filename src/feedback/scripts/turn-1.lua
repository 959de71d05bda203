-- Takes one of the turns that something has.
-- KEYS  1 turns taken
-- ARGV  1 how many there are  2 how long they are remembered, ms
-- Returns 1 when there was one left
local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
if taken >= tonumber(ARGV[1]) then return 0 end
redis.call('INCR', KEYS[1])
if taken == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
