-- Counts a bounce that is not final for its recipient; the same delivery counts once.
-- KEYS  1 bounces in a row of a recipient: hash delivery → "soft" or "full"
-- ARGV  1 delivery  2 "soft" or "full"  3 how long the row is remembered from its first one, ms
-- Returns how many of this kind there are
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local count = 0
for _, kind in ipairs(redis.call('HVALS', KEYS[1])) do
  if kind == ARGV[2] then count = count + 1 end
end
return count
