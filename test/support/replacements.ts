// Replaces processes of a service that a test has killed, without waiting until their locks and leases expire.
import { Redis } from 'ioredis';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import { jobKeys } from '#forebay/shared/queue/keys.js';
import type { Service } from './service.ts';

export type Replacements = ReturnType<typeof replacements>;

export function replacements(service: Service) {
  const redis = new Redis(service.redis.socketPath);
  return {
    /** Starts a worker in place of one that was killed. */
    async worker() {
      // The locks of a dead worker last for 10 s. These end now.
      for (const lock of await redis.keys('*:lock')) await redis.pexpire(lock, 1);
      return service.startWorker();
    },
    /** Kills the API and starts another one, which takes the job over at once. */
    async api({ id }: JobWire): Promise<void> {
      const restarted = service.restartApi();
      await redis.del(jobKeys(id).lease);
      await restarted;
    },
    close: () => redis.disconnect(),
  };
}
