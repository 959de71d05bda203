-- Replaces a submission by one with a verdict, unless it has changed meanwhile.
-- KEYS  1 submission
-- ARGV  1 submission JSON as it was read  2 the same with its verdict
-- Returns  1 replaced, 0 it has ended or changed.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2])
return 1
