/** The Redis client, loaded as CommonJS for the reason given in queue/bullmq.ts. */
import { createRequire } from 'node:module';
import type * as Ioredis from 'ioredis';

export const { AbstractConnector, Command, Redis, SentinelConnector } = createRequire(import.meta.url)(
  'ioredis',
) as typeof Ioredis;
export type Redis = Ioredis.Redis;
export type SentinelConnector = Ioredis.SentinelConnector;
