-- Counts a part of all deliveries by what they have in common.
-- KEYS  1 due index
-- ARGV  1 cursor, "0" to begin  2 about how many  3 prefix of all keys  4 now, epoch ms
--       5, 6 beginnings of ids (their time): accepted before the fifth is "settled", before the sixth "old"
-- Returns  {next cursor, "0" at the end; then by group: account, user, pool, domain, transport, state, hold, ahead, count, settled,
--       old, earliest due}. `ahead` is "" for what is due, else "retry" (tried before) or "later".
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
    local fields = {}
    for n = 1, 7 do fields[n] = record[n] or '' end
    fields[8] = ahead
    local name = table.concat(fields, '\n')
    local at = places[name]
    if not at then
      at = #result
      places[name] = at
      for n = 1, 8 do result[at + n] = fields[n] end
      result[at + 9], result[at + 10], result[at + 11], result[at + 12] = 0, 0, 0, due
    end
    local id = string.sub(record[10], 1, 10)
    result[at + 9] = result[at + 9] + 1
    if id < ARGV[5] then result[at + 10] = result[at + 10] + 1 end
    if id < ARGV[6] then result[at + 11] = result[at + 11] + 1 end
    if due < result[at + 12] then result[at + 12] = due end
  end
end
return result
