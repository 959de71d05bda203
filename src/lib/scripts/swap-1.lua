-- Puts a field of a hash, if it is still what the caller read.
-- KEYS: 1 the hash. ARGV: 1 the field, 2 what it holds ("": nothing), 3 what it will hold ("": nothing).
-- Returns 1, or 0 when somebody else changed it meanwhile.
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
