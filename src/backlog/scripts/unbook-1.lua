-- Gives back what was booked for a message that turned out to be a repetition.
-- KEYS  1 the user's bookings
-- ARGV  1 messages  2... fields
-- Returns  nothing.
for i = 2, #ARGV do
  local count = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  if count > 0 then redis.call('HSET', KEYS[1], ARGV[i], math.max(0, count - tonumber(ARGV[1]))) end
end
