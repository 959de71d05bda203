-- Leases a share of the connections that a provider allows us in all, fairly among the processes that want some.
-- KEYS  1 hash of shares: owner → "held want expires"
-- ARGV  1 owner  2 how many it has open, busy or idle  3 how many it has work for  4 how many there are in all
--       5 how long the lease lives, ms
-- Returns  {how many it holds now, how many it should come down to since others want some}; the sum of what all owners
-- hold never exceeds ARGV 4.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local me, used, want, all, life = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local owners, wants, holds, taken = { me }, { [me] = want }, {}, 0
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  local owner = flat[i]
  local held, its_want, expires = string.match(flat[i + 1], '^(%d+) (%d+) (%d+)$')
  if owner ~= me then
    if expires == nil or tonumber(expires) <= now then
      redis.call('HDEL', KEYS[1], owner)
    else
      owners[#owners + 1] = owner
      wants[owner] = tonumber(its_want)
      holds[owner] = tonumber(held)
      taken = taken + tonumber(held)
    end
  end
end
table.sort(owners)
-- One each in turn until nothing is left; who comes first changes, so that the rest is not always the same one's.
local share, left, first, given = 0, all, math.floor(now / 10000), true
local got = {}
while left > 0 and given do
  given = false
  for i = 1, #owners do
    local owner = owners[(first + i) % #owners + 1]
    local has = got[owner] or 0
    if left > 0 and has < wants[owner] then
      got[owner] = has + 1
      left = left - 1
      given = true
    end
  end
end
share = got[me] or 0
-- What is idle may stay while nobody is short of any.
local short = false
for owner, held in pairs(holds) do
  if held < (got[owner] or 0) then short = true end
end
if not short then share = math.max(share, math.min(used, all - taken)) end
local held = math.max(0, math.min(math.max(share, used), all - taken))
if held == 0 and want == 0 then
  redis.call('HDEL', KEYS[1], me)
else
  redis.call('HSET', KEYS[1], me, string.format('%d %d %d', held, want, now + life))
end
redis.call('PEXPIRE', KEYS[1], life)
return { held, math.min(held, share) }
