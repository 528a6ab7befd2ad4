/**
 * The workers that have offered, in a reply, to take the next request of a queue from this API process. Such a request
 * needs neither a wake-up nor a round trip of the worker. A large body goes to the worker outside of the script,
 * because Lua would hash it.
 */
import type { Redis } from 'ioredis';
import { createBufferPool } from '../../process/buffer-pool.ts';
import { onlineKeys } from '../keys.ts';
import { LONGEST_INNER_BODY, LONGEST_SENT_BODY } from './online-format.ts';
import { bodyPrefix } from './online-messages.ts';

/** Offers expire, because the worker may have frozen since. */
const OFFER_MS = 5_000;
/** At this many queues, all offers are dropped. This removes those of models that are gone. */
const MAX_QUEUES = 1_000;
/** Limits the bytes of the buffers that are kept for the next large bodies. */
const FREE_BYTES = 4 * 1024 * 1024;

export function createOffers(redis: Redis) {
  /** The last offer for each queue. */
  const offers = new Map<string, { readonly worker: string; readonly until: number }>();
  const buffers = createBufferPool(FREE_BYTES);

  return {
    note(queue: string, worker: string): void {
      if (offers.size >= MAX_QUEUES) offers.clear();
      offers.set(queue, { worker, until: performance.now() + OFFER_MS });
    },
    /** Uses up the offer for the queue of a request. Null if there is none, or the `sent` body is too long. */
    take({ queue, sent }: { readonly queue: string; readonly sent: Uint8Array }): string | null {
      const offer = offers.get(queue);
      if (offer === undefined || sent.length > LONGEST_SENT_BODY) return null;
      offers.delete(queue);
      return performance.now() < offer.until ? offer.worker : null;
    },
    /** Sends a large body to a worker. Returns false, and sends nothing, if the body can go with its header. */
    send(worker: string, { id, sent }: { readonly id: string; readonly sent: Uint8Array }): boolean {
      if (sent.length <= LONGEST_INNER_BODY) return false;
      const prefix = bodyPrefix(id);
      const message = buffers.take(prefix.length + sent.length);
      message.set(prefix);
      message.set(sent, prefix.length);
      redis.publish(onlineKeys.worker(worker), message).then(
        () => buffers.giveBack(message),
        // Then the worker lacks the body. The buffer is not used again, because the client may still be sending it.
        () => {},
      );
      return true;
    },
  };
}
