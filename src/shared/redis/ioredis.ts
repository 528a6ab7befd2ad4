/** The Redis client, loaded as the CommonJS that it is: see queue/bullmq.ts, which loads the same. */
import { createRequire } from 'node:module';
import type * as Ioredis from 'ioredis';

export const { Command, Redis } = createRequire(import.meta.url)('ioredis') as typeof Ioredis;
export type Redis = Ioredis.Redis;
