-- Takes the next turns of a rate that all processes share: evenly spaced moments that nobody else gets.
-- KEYS  1 when the next turn is, microseconds
-- ARGV  1 spacing of turns, microseconds  2 how many
-- Returns  how many milliseconds from now the first turn is; the others follow at that spacing.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local spacing, count = tonumber(ARGV[1]), tonumber(ARGV[2])
local first = math.max(now, tonumber(redis.call('GET', KEYS[1]) or '0'))
local following = first + spacing * count
redis.call('SET', KEYS[1], string.format('%.0f', following), 'PX', math.ceil((following - now) / 1000) + 1000)
return math.ceil((first - now) / 1000)
