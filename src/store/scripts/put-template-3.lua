-- Stores a new version of a template, raises the revision of the settings and tells every process.
-- KEYS  1 hash of templates  2 hash of last version numbers  3 revision
-- ARGV  1 channel  2 name ("<account>/<name>")  3 engine  4 what the contents' keys begin with  5 content as JSON
--       6 how many versions a template keeps  7 how long the content of a version that is dropped stays, ms
-- Returns {"ok", version}, {"engine", the engine that it has} or {"unknown"}: an entry of a version that we do not know.
-- A number is never given twice, also not after the template was removed: what was queued with it reads what it was queued for.
local entry = { v = 1, name = ARGV[2], engine = ARGV[3], versions = {} }
local old = redis.call('HGET', KEYS[1], ARGV[2])
if old then
  local read, known = pcall(cjson.decode, old)
  if not read or type(known) ~= 'table' or known.v ~= 1 then return { 'unknown' } end
  if known.engine ~= ARGV[3] then return { 'engine', known.engine } end
  entry.versions = known.versions
end
local version = redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
redis.call('SET', ARGV[4] .. version, ARGV[5])
table.insert(entry.versions, version)
while #entry.versions > tonumber(ARGV[6]) do
  redis.call('PEXPIRE', ARGV[4] .. table.remove(entry.versions, 1), ARGV[7])
end
redis.call('HSET', KEYS[1], ARGV[2], cjson.encode(entry))
redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
return { 'ok', version }
