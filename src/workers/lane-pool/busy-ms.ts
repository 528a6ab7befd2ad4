/** How long a lane worked for a batch. */
import type { BatchTimings } from '../lane/messages.ts';

type WorkTimes = Pick<BatchTimings, 'readMs' | 'decodeMs' | 'prepareMs' | 'inferMs' | 'postMs' | 'restMs'>;

/** Without the time in which no batch was in the lane. */
export function busyMs({ readMs, decodeMs, prepareMs, inferMs, postMs, restMs }: WorkTimes): number {
  return readMs + decodeMs + prepareMs + inferMs + postMs + restMs;
}
