-- Finds the first hour in which a user may send so many more messages, and books them there.
-- KEYS  1 the user's bookings: hash of "h<hour>" and "d<day>" to counts
--       2 repeat guard of the message (or ""): one that was accepted before is not booked again
-- ARGV  1 hour now (epoch hours)  2 messages to book  3 limit per hour (0 none)  4 limit per day (0 none)
--       5 how many hours ahead to look (0: now or never)
-- Returns  the hour that was booked; -1 the hour is full, -2 the day is, -3 it was accepted before.
if KEYS[2] ~= '' and redis.call('EXISTS', KEYS[2]) == 1 then return -3 end
local full = -1
local now, want = tonumber(ARGV[1]), tonumber(ARGV[2])
local perHour, perDay = tonumber(ARGV[3]), tonumber(ARGV[4])
local function booked(field) return tonumber(redis.call('HGET', KEYS[1], field) or '0') end
for hour = now, now + tonumber(ARGV[5]) do
  local hourField, dayField = 'h' .. hour, 'd' .. math.floor(hour / 24)
  local hourCount, dayCount = booked(hourField), booked(dayField)
  -- a first booking always fits, or a limit below one message's recipients would hold it for ever
  local hourFits = perHour == 0 or hourCount + want <= perHour or hourCount == 0
  local dayFits = perDay == 0 or dayCount + want <= perDay or dayCount == 0
  if hourFits and dayFits then
    redis.call('HSET', KEYS[1], hourField, hourCount + want, dayField, dayCount + want)
    redis.call('HDEL', KEYS[1], 'h' .. (now - 1), 'h' .. (now - 2), 'd' .. (math.floor(now / 24) - 1))
    redis.call('PEXPIRE', KEYS[1], (tonumber(ARGV[5]) + 48) * 3600000)
    return hour
  end
  if not dayFits then full = -2 end
end
return full
