/**
 * What every key of Forebay begins with. In a Redis cluster it is a hash tag, so all keys are in one hash slot on one node,
 * where scripts can use them together (ADR 40). Decided once per process, by the address of Redis, because keys must never
 * differ within it.
 */
import { groupKind } from '../redis/redis-group-url.ts';

/** Whether keys are in one hash slot. */
export const IN_CLUSTER = groupKind(process.env['REDIS_URL'] ?? '') === 'cluster';

export const KEY_PREFIX = IN_CLUSTER ? '{forebay}' : 'forebay';
