-- Changes one entry of the settings, raises the revision and tells every process.
-- KEYS  1 hash of the entries  2 revision  3 hash of password fingerprints (users only; else any key, untouched)
-- ARGV  1 channel  2 add | replace | remove  3 name  4 the new entry as JSON ("" for remove)
--       5 the entry as the caller read it ("" for any)  6 command | switch | file: who asks
--       7 password fingerprint ("" forgets it)
-- Returns {"ok", revision} or {"exists" | "missing" | "file" | "moved"}
-- "file": the configuration file declares the entry, so that a command may not touch it. "switch" is pausing and
-- disabling, which operators do to any entry.
local old = redis.call('HGET', KEYS[1], ARGV[3])
if ARGV[2] == 'add' and old and ARGV[6] ~= 'file' then return { 'exists' } end
if ARGV[2] ~= 'add' and not old then return { 'missing' } end
if old and ARGV[6] == 'command' then
  local read, entry = pcall(cjson.decode, old)
  if read and type(entry) == 'table' and entry.origin == 'file' then return { 'file' } end
end
if old and ARGV[5] ~= '' and old ~= ARGV[5] then return { 'moved' } end
if ARGV[2] == 'remove' then
  redis.call('HDEL', KEYS[1], ARGV[3])
else
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[4])
end
if ARGV[7] == '' then
  redis.call('HDEL', KEYS[3], ARGV[3])
elseif ARGV[7] ~= '-' then
  redis.call('HSET', KEYS[3], ARGV[3], ARGV[7])
end
local revision = redis.call('INCR', KEYS[2])
redis.call('PUBLISH', ARGV[1], revision)
return { 'ok', revision }
