-- Writes down how far a webhook is, unless it was removed, or moved by somebody else, or another process feeds it.
-- KEYS  1 hash of webhooks  2 its state  3 its delivery log
-- ARGV  1 id  2 the cursor as the caller knows it ("*" any)  3 entries of the log to keep  4 number of entries n, then those,
--       then names and values of the state: "" removes a name; sent and posts are added to what they are
-- Returns  1 done, 0 not.
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 then return 0 end
if ARGV[2] ~= '*' and (redis.call('HGET', KEYS[2], 'cursor') or '') ~= ARGV[2] then return 0 end
local n = tonumber(ARGV[4])
for i = 5, 4 + n do redis.call('LPUSH', KEYS[3], ARGV[i]) end
if n > 0 then redis.call('LTRIM', KEYS[3], 0, tonumber(ARGV[3]) - 1) end
for i = 5 + n, #ARGV, 2 do
  local name, value = ARGV[i], ARGV[i + 1]
  if value == '' then
    redis.call('HDEL', KEYS[2], name)
  elseif name == 'sent' or name == 'posts' then
    redis.call('HINCRBY', KEYS[2], name, value)
  else
    redis.call('HSET', KEYS[2], name, value)
  end
end
return 1
