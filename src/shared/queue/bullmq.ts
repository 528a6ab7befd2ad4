/**
 * BullMQ's classes, loaded as the CommonJS that they are: `import` reads all of its files a second time to find their
 * names, which costs every start 0.15 s of CPU time.
 */
import { createRequire } from 'node:module';
import type * as Bullmq from 'bullmq';

export const { Queue, Worker } = createRequire(import.meta.url)('bullmq') as typeof Bullmq;
