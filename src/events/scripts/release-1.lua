-- Gives a lease back, if it is still ours.
-- KEYS: 1 the lease
-- ARGV: 1 owner
-- Returns 1 when it was ours, else 0.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
