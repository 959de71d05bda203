-- Adds, replaces or removes a webhook, unless it is another than the caller believes.
-- KEYS  1 hash of webhooks
-- ARGV  1 id  2 the webhook as the caller read it ("" none)  3 the new one ("" removes it)
-- Returns  1 done, 0 it is another.
local old = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if old ~= ARGV[2] then return 0 end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
end
return 1
