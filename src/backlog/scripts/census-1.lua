-- Counts a part of all deliveries by what they have in common.
-- KEYS  1 due index
-- ARGV  1 cursor, "0" to begin  2 about how many  3 prefix of all keys  4 now, epoch ms
--       5, 6 beginnings of ids (their time): accepted before the fifth is "settled", before the sixth "old"
-- Returns  {next cursor, "0" at the end; then by group: name, count, settled, old, earliest due}. The name is account, user, pool,
--       domain, transport, state, hold and ahead with line ends between them; ahead is "" for what is due, else "retry" (tried
--       before) or "later".
local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local now = tonumber(ARGV[4])
local result, places = { page[1] }, {}
for i = 1, #page[2], 2 do
  local ref = page[2][i]
  local record = redis.call('HMGET', ARGV[3] .. 'del:' .. ref, 'account', 'user', 'pool', 'domain', 'transport', 'state', 'hold',
    'due', 'attempts', 'id')
  if record[1] and record[10] then
    local due, ahead = tonumber(record[8]) or 0, ''
    if due > now then ahead = tonumber(record[9]) == 0 and 'later' or 'retry' end
    for n = 1, 7 do record[n] = record[n] or '' end
    record[8] = ahead
    local name = table.concat(record, '\n', 1, 8)
    local at = places[name]
    if not at then
      at = #result
      places[name] = at
      result[at + 1], result[at + 2], result[at + 3], result[at + 4], result[at + 5] = name, 0, 0, 0, due
    end
    local id = string.sub(record[10], 1, 10)
    result[at + 2] = result[at + 2] + 1
    if id < ARGV[5] then result[at + 3] = result[at + 3] + 1 end
    if id < ARGV[6] then result[at + 4] = result[at + 4] + 1 end
    if due < result[at + 5] then result[at + 5] = due end
  end
end
return result
