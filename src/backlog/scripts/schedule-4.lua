-- Gives a delivery its next time and transport: after a deferral, a hold, a loss, or because an operator says so.
-- KEYS  1 delivery  2 due index  3 event stream  4 hand of the transport it leaves
-- ARGV  1 ref  2 run that the caller knows ("" any)  3 due, epoch ms  4 transport  5 event JSON ("" none)
--       6 attempts to take back (a hold costs none)  7 ambiguous ends to add  8 prefix of all keys
--       9 "idle": not while an attempt runs, "any", or "<epoch>": only the attempt that this epoch began
--       10 now, epoch ms, where its expiry moves along with its due time ("" where it stays)
--       11 fallback pool that the transport is of ("" none, "-" as it was)  12 its own pool ("" as it was)
--       13 the rule that holds it until then ("" none)
-- Returns  the new run; 0 when the delivery has ended or is another run; -1 when an attempt of somebody else runs.
local record = redis.call('HMGET', KEYS[1], 'run', 'state', 'transport', 'site', 'shelf', 'epoch', 'due')
if not record[1] then
  redis.call('SREM', KEYS[4], ARGV[1])
  return 0
end
if ARGV[2] ~= '' and record[1] ~= ARGV[2] then return 0 end
if record[2] == 'sending' and ARGV[9] ~= 'any' and ARGV[9] ~= record[6] then return -1 end
if record[4] and record[4] ~= '' then
  redis.call('ZREM', ARGV[8] .. 'lane:' .. record[3] .. ':' .. record[4], ARGV[1])
end
if record[5] and record[5] ~= '' then redis.call('ZREM', ARGV[8] .. 'shelf:' .. record[5], ARGV[1]) end
if ARGV[10] ~= '' then
  -- what is overdue had its time: it is put off from now on
  local before = math.max(tonumber(record[7]) or 0, tonumber(ARGV[10]))
  redis.call('HINCRBY', KEYS[1], 'expiresAt', string.format('%.0f', tonumber(ARGV[3]) - before))
end
local run = redis.call('HINCRBY', KEYS[1], 'run', 1)
redis.call('HSET', KEYS[1], 'state', 'waiting', 'due', ARGV[3], 'transport', ARGV[4], 'site', '', 'shelf', '')
if ARGV[11] == '' then
  redis.call('HDEL', KEYS[1], 'fallback')
elseif ARGV[11] ~= '-' then
  redis.call('HSET', KEYS[1], 'fallback', ARGV[11])
end
if ARGV[13] == '' then
  redis.call('HDEL', KEYS[1], 'hold')
else
  redis.call('HSET', KEYS[1], 'hold', ARGV[13])
end
if ARGV[12] ~= '' then redis.call('HSET', KEYS[1], 'pool', ARGV[12]) end
if ARGV[6] ~= '0' then redis.call('HINCRBY', KEYS[1], 'attempts', -ARGV[6]) end
if ARGV[7] ~= '0' then redis.call('HINCRBY', KEYS[1], 'ambiguous', ARGV[7]) end
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('SREM', KEYS[4], ARGV[1])
if ARGV[5] ~= '' then redis.call('XADD', KEYS[3], '*', 'e', ARGV[5]) end
return run
