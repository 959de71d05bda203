-- Reads all settings at one moment.
-- KEYS  1 revision  2 users  3 domains  4 pools  5 transports  6 templates  7 set of accounts that suppress somebody
-- Returns {revision, users, domains, pools, transports, templates, accounts}; each hash as a flat list
return {
  redis.call('GET', KEYS[1]) or '0',
  redis.call('HGETALL', KEYS[2]),
  redis.call('HGETALL', KEYS[3]),
  redis.call('HGETALL', KEYS[4]),
  redis.call('HGETALL', KEYS[5]),
  redis.call('HGETALL', KEYS[6]),
  redis.call('SMEMBERS', KEYS[7]),
}
