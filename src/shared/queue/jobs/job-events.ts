/** Reads the event stream of a job. Scripts write it. */
import type { Redis } from 'ioredis';
import { jobKeys } from '../keys.ts';

export interface JobEvent {
  /** Position in the job's event stream, and the id of the server-sent event. */
  readonly id: string;
  readonly type: string;
  /** JSON text. */
  readonly data: string;
}

export function createJobEvents(redis: Redis) {
  return {
    /** Events after the id `after`, oldest first. */
    async events(id: string, after: string, count = 1000): Promise<JobEvent[]> {
      const entries = await redis.xrange(jobKeys(id).events, `(${after}`, '+', 'COUNT', count);
      return entries.map(([eventId, fields]) => ({
        id: eventId,
        type: fields[fields.indexOf('type') + 1]!,
        data: fields[fields.indexOf('data') + 1]!,
      }));
    },
    async lastEventId(id: string): Promise<string> {
      const [last] = await redis.xrevrange(jobKeys(id).events, '+', '-', 'COUNT', 1);
      return last?.[0] ?? '0-0';
    },
    async firstEventId(id: string): Promise<string> {
      const [first] = await redis.xrange(jobKeys(id).events, '-', '+', 'COUNT', 1);
      return first?.[0] ?? '0-0';
    },
  };
}
