-- Notes what is known of recipients of one account; those not seen for long go, and the oldest where there are too many.
-- KEYS  1 index: address → when it was last seen
-- ARGV  1 now, epoch ms  2 how long a recipient is kept after it was last seen, ms  3 how many are kept
--       4 "update": only recipients that are there, "grow": new ones, too  5 what the recipients' keys begin with
--       6 "merge" fields into those that are there, or "replace" name and fields  7 how many fields  8 bytes of all fields
--       then per recipient: address, when it was seen first and last (epoch ms), name ("": unknown), fields as JSON ("": none), status ("": as
--       it was), and how often more: accepted, delivered, bounced, opened, clicked, unsubscribed
-- Returns how many were noted. Opposed statuses: "unsubscribed" and "complained" last until "resubscribed".
local now, ttl, cap, grow, prefix = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == 'grow', ARGV[5]
local counters = { 'accepted', 'delivered', 'bounced', 'opened', 'clicked', 'unsubscribed' }

-- What comes wins over what is there; where both are too much together, only what comes is kept.
local function merged(old, new)
  local read, fields = pcall(cjson.decode, old)
  if not read or type(fields) ~= 'table' then return new end
  for name, value in pairs(cjson.decode(new)) do fields[name] = value end
  local count = 0
  for _ in pairs(fields) do count = count + 1 end
  local text = cjson.encode(fields)
  if count > tonumber(ARGV[7]) or #text > tonumber(ARGV[8]) then return new end
  return text
end

local function newStatus(old, new)
  if new == 'resubscribed' then return 'reached' end
  local lasting = new == 'unsubscribed' or new == 'complained'
  if not lasting and (old == 'unsubscribed' or old == 'complained') then return old end
  return new
end

local noted = 0
for at = 9, #ARGV, 12 do
  local address, first, last = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local name, fields, status = ARGV[at + 3], ARGV[at + 4], ARGV[at + 5]
  local key = prefix .. address
  if grow or redis.call('EXISTS', key) == 1 then
    local old = redis.call('HMGET', key, 'fields', 'status', 'first', 'last')
    if (tonumber(old[3]) or now * 2) > tonumber(first) then redis.call('HSET', key, 'first', first) end
    if (tonumber(old[4]) or 0) < tonumber(last) then redis.call('HSET', key, 'last', last) end
    if name ~= '' then redis.call('HSET', key, 'name', name) end
    if ARGV[6] == 'replace' then
      if name == '' then redis.call('HDEL', key, 'name') end
      redis.call('HSET', key, 'fields', fields)
    elseif fields ~= '' then
      redis.call('HSET', key, 'fields', old[1] and merged(old[1], fields) or fields)
    end
    if status ~= '' then redis.call('HSET', key, 'status', newStatus(old[2], status)) end
    for n, counter in ipairs(counters) do
      local more = ARGV[at + 5 + n]
      if more ~= '0' then redis.call('HINCRBY', key, counter, more) end
    end
    redis.call('PEXPIRE', key, ttl)
    redis.call('ZADD', KEYS[1], 'GT', last, address)
    noted = noted + 1
  end
end

-- A thousand at a time: what is left comes with the next call.
for _, address in ipairs(redis.call('ZRANGE', KEYS[1], '-inf', '(' .. (now - ttl), 'BYSCORE', 'LIMIT', 0, 1000)) do
  redis.call('UNLINK', prefix .. address)
  redis.call('ZREM', KEYS[1], address)
end
local surplus = redis.call('ZCARD', KEYS[1]) - cap
if surplus > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[1], math.min(surplus, 1000))
  for i = 1, #oldest, 2 do redis.call('UNLINK', prefix .. oldest[i]) end
end
return noted
