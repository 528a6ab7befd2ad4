/** Whether Redis takes writes: a replica, a full server and one that cannot save answer PING all the same. */
import type { Redis } from 'ioredis';
import { ForebayError } from '../errors.ts';
import { writeCheckKey } from '../queue/keys.ts';

/** Redis judges it as a write that takes memory, and it changes nothing: the key never exists. */
export const WRITE_CHECK: [key: string, value: string, when: 'XX'] = [writeCheckKey, '1', 'XX'];

/** For a probe, which has to be told something. */
const PATIENCE_MS = 2000;

/** Throws what Redis answers, and ForebayError `queue_unavailable` where it does not answer in time. */
export async function checkWrite(client: Pick<Redis, 'set'>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ForebayError('queue_unavailable', 'Redis does not answer.', { retryAfterS: 1 })),
      PATIENCE_MS,
    );
  });
  try {
    await Promise.race([client.set(...WRITE_CHECK), late]);
  } finally {
    clearTimeout(timer);
  }
}
