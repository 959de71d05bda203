-- Changes the state of a transport, unless it is another than the caller believes, and tells every process.
-- KEYS  1 hash of states
-- ARGV  1 channel  2 transport  3 the state as the caller read it ("" for none, "*" for any)  4 the new one ("" forgets it)
-- Returns {1, the state as it was} or {0, the state as it is}
local old = redis.call('HGET', KEYS[1], ARGV[2]) or ''
if ARGV[3] ~= '*' and ARGV[3] ~= old then return { 0, old } end
if ARGV[4] == '' then
  redis.call('HDEL', KEYS[1], ARGV[2])
else
  redis.call('HSET', KEYS[1], ARGV[2], ARGV[4])
end
redis.call('PUBLISH', ARGV[1], ARGV[2])
return { 1, old }
