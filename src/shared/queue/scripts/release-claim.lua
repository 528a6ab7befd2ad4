-- Releases a claim (a lease, an output) if the caller holds it.
-- KEYS 1 claim
-- ARGV 1 token of the holder
-- Returns 1 released, 0 the token does not hold the claim.
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
