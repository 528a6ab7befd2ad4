/** Checks whether Redis accepts writes. A replica, a full server and one that cannot save would still answer a PING. */
import type { Redis } from 'ioredis';
import { ForebayError } from '../errors.ts';
import { writeCheckKey } from '../queue/keys.ts';

/** Redis treats this SET as a write that needs memory. It changes nothing, because the key never exists. */
export const WRITE_CHECK: [key: string, value: string, when: 'XX'] = [writeCheckKey, '1', 'XX'];

/** A readiness probe needs an answer within this time. */
const PATIENCE_MS = 2000;

/** Throws the error that Redis answers, or ForebayError `queue_unavailable` if it does not answer in time. */
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
