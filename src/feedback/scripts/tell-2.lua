-- Tells an event that is told once only, whatever comes again.
-- KEYS  1 mark that it was told  2 event stream
-- ARGV  1 event JSON  2 how long to remember that, ms
-- Returns 1 when it was told now, 0 when it had been
if not redis.call('SET', KEYS[1], '1', 'NX', 'PX', ARGV[2]) then return 0 end
redis.call('XADD', KEYS[2], '*', 'e', ARGV[1])
return 1
