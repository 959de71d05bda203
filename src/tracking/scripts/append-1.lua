-- Appends events, all of them or none.
-- KEYS  1 event stream
-- ARGV  1 event JSON  2 event JSON …
-- Returns how many
for i = 1, #ARGV do
  redis.call('XADD', KEYS[1], '*', 'e', ARGV[i])
end
return #ARGV
