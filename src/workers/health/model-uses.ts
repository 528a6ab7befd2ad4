/** Counts what lanes have done, by model, and how busy they are. Heartbeats carry both. */
import { NO_USE, sumOfUse, type ModelUse } from '../../shared/domain/model/model-use.ts';
import type { Events } from '../../shared/observe/events.ts';
import { busyMs } from '../lane-pool/busy-ms.ts';
import { rowTimesOf } from '../metrics/row-times.ts';

export interface ModelUses {
  /** Null before the first batch of a queue. */
  of(queue: string): ModelUse | null;
  /** The share of the lanes' time in which they worked, from 0 to 1, since the last call that was long enough ago. */
  busyShare(lanes: number): number;
}

/** A batch is counted when it ends, so the share of a shorter time would jump. */
const SHORTEST_MS = 1000;

export function createModelUses(
  events: Pick<Events, 'on'>,
  now: () => number = () => performance.now(),
): ModelUses {
  const uses = new Map<string, ModelUse>();
  let busy = 0;
  let last = { at: now(), busy: 0, share: 0 };
  events.on('batch.answered', (batch) => {
    busy += busyMs(batch.timings);
    const { queue, rows, calls, failed, ms } = batch;
    const more = {
      rows,
      failed,
      batches: calls,
      lastAt: Date.now(),
      batchMs: ms * calls,
      rowMs: rowTimesOf(batch),
    };
    uses.set(queue, sumOfUse(uses.get(queue) ?? NO_USE, more));
  });
  return {
    of: (queue) => uses.get(queue) ?? null,
    busyShare(lanes) {
      const passed = now() - last.at;
      if (passed >= SHORTEST_MS) {
        const share = lanes === 0 ? 0 : Math.min(1, (busy - last.busy) / (passed * lanes));
        last = { at: now(), busy, share };
      }
      return last.share;
    },
  };
}
