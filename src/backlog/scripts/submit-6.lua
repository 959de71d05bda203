-- Stores one submission with its body, its deliveries and its event: all of it or nothing.
-- KEYS  1 submission  2 body  3 open set  4 repeat guard (or "")  5 due index  6 event stream
-- ARGV  1 deadline, epoch ms of Redis' own clock: past it nothing is done (the client has been told 451)
--       2 submission id  3 submission JSON  4 body bytes ("" when it lies elsewhere)  5 repeat guard's life, ms
--       6 event JSON  7 pairs JSON ("" for one recipient)  8 prefix of all keys  9 priority  10 account/user
--       11 number of deliveries, then per delivery: key, ref, id, when it is to be looked at (epoch ms), the hand that
--       takes it at once ("" none), transport and site of the lane whose list it goes into ("" and "" none; as park-6
--       does it), number of fields n, n times name and value
-- Returns  "ok", or "late", or the id of the same message that was accepted before.
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[1]) then return 'late' end
if KEYS[4] ~= '' then
  local earlier = redis.call('GET', KEYS[4])
  if earlier then return earlier end
end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('SET', KEYS[2], ARGV[4]) end
local fair = {}
local function park(ref, transport, site)
  local lane = transport .. ':' .. site
  if not fair[lane] then
    redis.call('SADD', ARGV[8] .. 'lanes:' .. transport, site)
    local places = redis.call('HMGET', ARGV[8] .. 'fair:' .. lane, '*' .. ARGV[9], ARGV[9] .. '/' .. ARGV[10])
    fair[lane] = math.max(tonumber(places[1] or '0'), tonumber(places[2] or '0'))
  end
  fair[lane] = fair[lane] + 1
  redis.call('ZADD', ARGV[8] .. 'lane:' .. lane, tonumber(ARGV[9]) * 1e12 + fair[lane], ref)
end
local at = 12
for _ = 1, tonumber(ARGV[11]) do
  local key, ref, id, due, hand = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local count = tonumber(ARGV[at + 7])
  redis.call('HSET', key, unpack(ARGV, at + 8, at + 7 + count * 2))
  redis.call('SADD', KEYS[3], id)
  redis.call('ZADD', KEYS[5], due, ref)
  if hand ~= '' then redis.call('SADD', hand, ref) end
  if ARGV[at + 5] ~= '' then park(ref, ARGV[at + 5], ARGV[at + 6]) end
  at = at + 8 + count * 2
end
for lane, place in pairs(fair) do
  redis.call('HSET', ARGV[8] .. 'fair:' .. lane, ARGV[9] .. '/' .. ARGV[10], place)
end
if ARGV[7] == '' then
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[6])
else
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[6], 'r', ARGV[7])
end
-- last: a script that fails half-way must not make the client's next try look like a repetition
if KEYS[4] ~= '' then redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[5]) end
return 'ok'
