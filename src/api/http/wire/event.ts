/** The events of a job as sent over SSE. */
import { z } from 'zod';
import type { JobRecord } from '../../../shared/domain/job/job.ts';
import {
  BLOCK_COUNTS,
  ETA_S,
  JOB,
  JOB_STATUS,
  jobToWire,
  progressToWire,
  ROW_COUNTS,
  THROUGHPUT,
} from './job.ts';

export const STATUS_EVENT = z
  .object({
    status: JOB_STATUS,
    job: JOB.meta({ description: 'The job at the time the event is sent.' }),
  })
  .meta({ id: 'StatusEvent', description: 'Data of `event: status`. The job has entered a state.' });

export const PROGRESS_EVENT = z
  .object({
    block: z.int().meta({ description: 'The last block committed.' }),
    rows: ROW_COUNTS,
    blocks: BLOCK_COUNTS,
    throughput: THROUGHPUT,
    eta_s: ETA_S,
  })
  .meta({
    id: 'ProgressEvent',
    description: 'Data of `event: progress`. Blocks were committed. Several commits may share one event.',
  });

export const EVENT_ID = z
  .string()
  .regex(/^\d{1,20}(-\d{1,20})?$/, 'not an event id')
  .meta({ description: 'Id of the last event that the client has received.', examples: ['1795342530120-0'] });

export type StatusEvent = z.infer<typeof STATUS_EVENT>;
export type ProgressEvent = z.infer<typeof PROGRESS_EVENT>;

export type JobEventWire =
  | { readonly id: string; readonly type: 'snapshot'; readonly data: z.infer<typeof JOB> }
  | { readonly id: string; readonly type: 'status'; readonly data: StatusEvent }
  | { readonly id: string; readonly type: 'progress'; readonly data: ProgressEvent };

const STORED_STATUS = z.object({ status: JOB_STATUS });
const STORED_PROGRESS = z.object({
  block: z.int(),
  succeeded: z.int(),
  failed: z.int(),
  blocks_done: z.int(),
});

/** A stored event, with the current state of its job. Null for types that clients do not get. */
export function eventToWire(
  event: { readonly id: string; readonly type: string; readonly data: string },
  record: JobRecord,
): JobEventWire | null {
  if (event.type === 'status') {
    const { status } = STORED_STATUS.parse(JSON.parse(event.data));
    return { id: event.id, type: 'status', data: { status, job: jobToWire(record) } };
  }
  if (event.type === 'progress') {
    const stored = STORED_PROGRESS.parse(JSON.parse(event.data));
    const progress = progressToWire(record, stored);
    return {
      id: event.id,
      type: 'progress',
      data: {
        block: stored.block,
        ...progress,
        blocks: { ...progress.blocks, done: stored.blocks_done },
      },
    };
  }
  return null;
}
