/**
 * BullMQ's classes, loaded as CommonJS. An `import` of CommonJS parses all of its files a second time to find their
 * exports, which slows every start.
 */
import { createRequire } from 'node:module';
import type * as Bullmq from 'bullmq';

export const { Queue, Worker } = createRequire(import.meta.url)('bullmq') as typeof Bullmq;
