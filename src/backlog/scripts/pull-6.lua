-- Takes the heads of a lane's list into the hands of the lease's holder.
-- KEYS  1 lane list  2 lane's fairness hash  3 set of sites with somebody waiting  4 lease  5 hand  6 due index
-- ARGV  1 how many at most  2 owner of the lease  3 its epoch  4 site  5 prefix of all keys
--       6 when somebody should wonder what became of them, epoch ms
-- Returns  {"lease"} when the lease is another's, else {"ok", "1" when more wait, ref, run, domain, priority, ref, run …}.
local lease = redis.call('HMGET', KEYS[4], 'owner', 'epoch')
if lease[1] ~= ARGV[2] or lease[2] ~= ARGV[3] then return { 'lease' } end
local result = { 'ok', '0' }
local heads = redis.call('ZPOPMIN', KEYS[1], ARGV[1])
for i = 1, #heads, 2 do
  local ref, score = heads[i], tonumber(heads[i + 1])
  local key = ARGV[5] .. 'del:' .. ref
  local record = redis.call('HMGET', key, 'run', 'state', 'domain')
  if record[2] == 'parked' then
    redis.call('HSET', key, 'state', 'waiting', 'site', '')
    redis.call('SADD', KEYS[5], ref)
    redis.call('ZADD', KEYS[6], ARGV[6], ref)
    local priority = math.floor(score / 1e12)
    redis.call('HSET', KEYS[2], '*' .. priority, score - priority * 1e12)
    result[#result + 1] = ref
    result[#result + 1] = record[1]
    result[#result + 1] = record[3]
    result[#result + 1] = tostring(priority)
  end
end
if redis.call('EXISTS', KEYS[1]) == 1 then
  result[2] = '1'
else
  redis.call('DEL', KEYS[2])
  redis.call('SREM', KEYS[3], ARGV[4])
end
return result
