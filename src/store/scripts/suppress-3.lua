-- Puts addresses on an account's suppression list; one that is there keeps its first reason and date.
-- KEYS  1 suppression hash  2 set of accounts that suppress somebody  3 revision of the settings
-- ARGV  1 channel  2 account  3 address  4 entry as JSON  5 address  6 entry …
-- Returns how many were new
local added = 0
for i = 3, #ARGV, 2 do
  added = added + redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1])
end
if redis.call('EXISTS', KEYS[1]) == 1 and redis.call('SADD', KEYS[2], ARGV[2]) == 1 then
  redis.call('PUBLISH', ARGV[1], redis.call('INCR', KEYS[3]))
end
return added
