-- Records that an attempt begins, before anything is connected.
-- KEYS  1 delivery  2 transport's lease  3 transport's hand  4 due index  5 submission
-- ARGV  1 ref  2 run that the caller knows  3 owner of the lease  4 its epoch  5 now, epoch ms
--       6 when somebody should wonder what became of the attempt, epoch ms  7 suppression hash ("": do not look)
--       8 "known" when the caller has the record and the submission in memory
--       9 suppression hash of the whole installation ("": do not look)
-- Returns  {"gone"} no such delivery or a stale run; {"unknown"} a record of another version, left as it is; {"lease"} the lease is another's;
--          {verdict, submission JSON, name, value, name, value …}; the verdict alone when known. "begun", or whose mail its
--          recipient is suppressed for: "everywhere", "address" (the account's), "topic", "user", "domain" (the sender's).

-- An entry stands until it ends; what another program wrote stands for ever.
local function stands(entry)
  local ends = entry and string.match(entry, '"until":(%d+)')
  return entry and (not ends or tonumber(ends) > tonumber(ARGV[5]))
end

local record = redis.call('HMGET', KEYS[1], 'run', 'state', 'recipient', 'v', 'bypass', 'topic', 'lower', 'user', 'sender')
if record[4] and record[4] ~= '1' then return { 'unknown' } end
if record[1] ~= ARGV[2] or (record[2] ~= 'waiting' and record[2] ~= 'parked') then return { 'gone' } end
local lease = redis.call('HMGET', KEYS[2], 'owner', 'epoch')
if lease[1] ~= ARGV[3] or lease[2] ~= ARGV[4] then return { 'lease' } end
local known = ARGV[8] == 'known'
local submission = known or redis.call('GET', KEYS[5])
if not submission then return { 'gone' } end
redis.call('HINCRBY', KEYS[1], 'attempts', 1)
redis.call('HSET', KEYS[1], 'state', 'sending', 'epoch', ARGV[4], 'began', ARGV[5])
redis.call('ZADD', KEYS[4], ARGV[6], ARGV[1])
redis.call('SADD', KEYS[3], ARGV[1])
local verdict = 'begun'
if ARGV[7] ~= '' or ARGV[9] ~= '' then
  local address = record[7] or string.lower(cjson.decode(record[3]).address)
  if ARGV[9] ~= '' and stands(redis.call('HGET', ARGV[9], address)) then
    verdict = 'everywhere'
  elseif ARGV[7] ~= '' and not record[5] then
    local places = {
      { 'address', address },
      { 'topic', record[6] and (record[6] .. '\n' .. address) },
      { 'user', '\0user:' .. (record[8] or '') .. '\n' .. address },
      { 'domain', record[9] and ('\0domain:' .. record[9] .. '\n' .. address) },
    }
    local fields = {}
    for i, place in ipairs(places) do fields[i] = place[2] or '' end
    local found = redis.call('HMGET', ARGV[7], unpack(fields))
    for i, place in ipairs(places) do
      if verdict == 'begun' and place[2] and stands(found[i]) then verdict = place[1] end
    end
  end
end
if known then return { verdict } end
local result = redis.call('HGETALL', KEYS[1])
table.insert(result, 1, submission)
table.insert(result, 1, verdict)
return result
