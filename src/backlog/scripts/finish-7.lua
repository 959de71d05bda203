-- The last transition of a delivery: once only, all of it or nothing.
-- KEYS  1 delivery  2 submission  3 body  4 open set  5 due index  6 event stream  7 transport's hand
-- ARGV  1 ref  2 delivery id  3 event JSON  4 prefix of all keys  5 "idle": only when no attempt runs; "any"
--       6 when it ended, epoch ms, where its user's archive wants the message; else ""
-- Returns  0 it had ended before, -1 an attempt runs (with "idle"), 1 ended, 2 ended as the last of its submission,
--          3 the same, and the message waits for the archive.
local record = redis.call('HMGET', KEYS[1], 'state', 'transport', 'site', 'shelf', 'recipient', 'pins')
if not record[1] then
  redis.call('SREM', KEYS[7], ARGV[1])
  return 0
end
if ARGV[5] == 'idle' and record[1] == 'sending' then return -1 end
if record[3] and record[3] ~= '' then
  redis.call('ZREM', ARGV[4] .. 'lane:' .. record[2] .. ':' .. record[3], ARGV[1])
end
if record[4] and record[4] ~= '' then redis.call('ZREM', ARGV[4] .. 'shelf:' .. record[4], ARGV[1]) end
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[5], ARGV[1])
redis.call('SREM', KEYS[7], ARGV[1])
redis.call('XADD', KEYS[6], '*', 'e', ARGV[3])
redis.call('SREM', KEYS[4], ARGV[2])
local submission = string.gsub(ARGV[1], '%-%d+$', '')
local ended = ARGV[4] .. 'ended:' .. submission
if ARGV[6] ~= '' and record[5] then
  redis.call('HSET', ended, ARGV[2], '{"recipient":' .. record[5] .. ',"pins":' .. (record[6] or '{"dkim":[]}') .. '}')
end
if redis.call('EXISTS', KEYS[4]) == 1 then return 1 end
if ARGV[6] ~= '' then
  redis.call('ZADD', ARGV[4] .. 'archiving', ARGV[6], submission)
  return 3
end
redis.call('DEL', KEYS[2], KEYS[3], ended)
return 2
