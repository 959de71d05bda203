-- Removes a template; its contents stay for a while, for what is queued.
-- KEYS  1 hash of templates  2 revision
-- ARGV  1 channel  2 name ("<account>/<name>")  3 what the contents' keys begin with  4 how long the contents stay, ms
-- Returns 1 when it was there
local old = redis.call('HGET', KEYS[1], ARGV[2])
if not old then return 0 end
local read, known = pcall(cjson.decode, old)
local versions = read and type(known) == 'table' and type(known.versions) == 'table' and known.versions or {}
for _, version in ipairs(versions) do redis.call('PEXPIRE', ARGV[3] .. version, ARGV[4]) end
redis.call('HDEL', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[2]))
return 1
