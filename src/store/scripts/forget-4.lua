-- Removes one message that the sandbox caught.
-- KEYS  1 list of ids  2 hash of summaries  3 hash of contents  4 bytes held
-- ARGV  1 id
-- Returns 1 when it was there
if redis.call('HDEL', KEYS[2], ARGV[1]) == 0 then return 0 end
redis.call('DECRBY', KEYS[4], redis.call('HSTRLEN', KEYS[3], ARGV[1]))
redis.call('HDEL', KEYS[3], ARGV[1])
redis.call('LREM', KEYS[1], 1, ARGV[1])
return 1
