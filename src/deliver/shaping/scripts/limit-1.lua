-- Puts a limit in force; one of the same id becomes longer, and is not told again.
-- KEYS  1 hash of limits
-- ARGV  1 id  2 the limit as JSON
-- Returns  1 it is new, 0 there was one.
local is_new = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return is_new and 1 or 0
