-- Puts a delivery into its lane's own list: by priority, then fairly between users, then by age.
-- Start-time fair queueing: each user's next place is one step after its last, or at the lane's virtual clock.
-- KEYS  1 delivery  2 lane list  3 lane's fairness hash  4 set of sites with somebody waiting  5 due index  6 hand
-- ARGV  1 ref  2 run that the caller knows  3 site
-- Returns  1 parked, 0 the delivery has ended or is another run.
local record = redis.call('HMGET', KEYS[1], 'run', 'state', 'account', 'user', 'priority', 'expiresAt')
if record[1] ~= ARGV[2] or record[2] ~= 'waiting' then return 0 end
local priority = record[5]
local clock = tonumber(redis.call('HGET', KEYS[3], '*' .. priority) or '0')
local field = priority .. '/' .. record[3] .. '/' .. record[4]
local place = math.max(clock, tonumber(redis.call('HGET', KEYS[3], field) or '0')) + 1
redis.call('HSET', KEYS[3], field, place)
redis.call('ZADD', KEYS[2], tonumber(priority) * 1e12 + place, ARGV[1])
redis.call('SADD', KEYS[4], ARGV[3])
redis.call('HSET', KEYS[1], 'state', 'parked', 'site', ARGV[3])
-- until it expires the lane looks after it
redis.call('ZADD', KEYS[5], record[6], ARGV[1])
redis.call('SREM', KEYS[6], ARGV[1])
return 1
