-- Gives a lease back, so that another process may take it at once.
-- KEYS  1 lease
-- ARGV  1 owner
-- Returns  1 released, 0 it was another's.
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
return 1
