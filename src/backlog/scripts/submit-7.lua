-- Stores one submission with its body, its deliveries and its event: all of it or nothing.
-- KEYS  1 submission  2 body  3 open set  4 repeat guard (or "")  5 due index  6 event stream
--       7 set of deliveries whose body is to leave Redis' memory soon
-- ARGV  1 deadline, epoch ms of Redis' own clock: past it nothing is done (the client has been told 451)
--       2 submission id  3 submission JSON  4 body bytes ("" when it lies elsewhere)  5 repeat guard's life, ms
--       6 event JSON  7 pairs JSON ("" for one recipient)  8 number of deliveries  9 ref that goes into that set ("" none)
--       then per delivery: key, ref, id, when it is to be looked at (epoch ms), the hand that takes it at once ("" none),
--       number of fields n, n times name and value
-- Returns  "ok", or "late", or the id of the same message that was accepted before.
local time = redis.call('TIME')
if time[1] * 1000 + math.floor(time[2] / 1000) > tonumber(ARGV[1]) then return 'late' end
if KEYS[4] ~= '' then
  local earlier = redis.call('GET', KEYS[4])
  if earlier then return earlier end
end
redis.call('SET', KEYS[1], ARGV[3])
if ARGV[4] ~= '' then redis.call('SET', KEYS[2], ARGV[4]) end
if ARGV[9] ~= '' then redis.call('SADD', KEYS[7], ARGV[9]) end
local at = 10
for _ = 1, tonumber(ARGV[8]) do
  local key, ref, id, due, hand = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3], ARGV[at + 4]
  local count = tonumber(ARGV[at + 5])
  redis.call('HSET', key, unpack(ARGV, at + 6, at + 5 + count * 2))
  redis.call('SADD', KEYS[3], id)
  redis.call('ZADD', KEYS[5], due, ref)
  if hand ~= '' then redis.call('SADD', hand, ref) end
  at = at + 6 + count * 2
end
if ARGV[7] == '' then
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[6])
else
  redis.call('XADD', KEYS[6], '*', 'e', ARGV[6], 'r', ARGV[7])
end
-- last: a script that fails half-way must not make the client's next try look like a repetition
if KEYS[4] ~= '' then redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[5]) end
return 'ok'
