-- Gives a submission the new place of its body, and drops the body from memory: both or neither.
-- KEYS  1 submission  2 body  3 hash of spills
-- ARGV  1 submission JSON with the new locator  2 name of the spill  3 "<account>:<submission>"
-- Returns  1 moved, 0 the submission has ended or its body is gone from here.
if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[2], ARGV[3])
redis.call('UNLINK', KEYS[2])
return 1
