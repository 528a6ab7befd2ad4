/** Answers the requests for samples that reach this worker, one after the other. */
import { messageOf } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import { createAlarm } from '../../shared/process/alarm.ts';
import type { SampleRequests } from '../../shared/queue/workers/sample-requests.ts';
import type { Wake } from '../../shared/queue/wake.ts';
import { redisTrouble } from '../../shared/redis/redis-trouble.ts';
import { noSample, type SampleRunner } from './run-sample.ts';

/** The longest that a lost wake-up delays a caller. */
const SWEEP_MS = 1_000;

export interface Sampler {
  /** Answers no more requests. Ends a sample in progress. */
  stop(): Promise<void>;
}

/** `id`: of this worker. */
export function startSampler(deps: {
  id: string;
  requests: SampleRequests;
  wake: Wake;
  samples: SampleRunner;
  emit: Emit;
}): Sampler {
  const { id, requests, samples, emit } = deps;
  const stopping = new AbortController();
  const onRequest = createAlarm();
  const unlisten = deps.wake.on('sample', (worker) => worker === id && onRequest.ring());

  async function answerAll(): Promise<void> {
    for (let request; (request = await requests.take(id)) !== null;) {
      const reply = await samples
        .run(request, stopping.signal)
        .catch((error: unknown) => noSample(messageOf(error)));
      await requests.answer(id, request.id, reply);
    }
  }

  async function serve(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        await answerAll();
      } catch (error) {
        // The Redis watch reports errors of Redis.
        if (!stopping.signal.aborted && redisTrouble(error) === null) {
          emit('sample.failed', { error: messageOf(error) });
        }
      }
      await onRequest.wait(SWEEP_MS, stopping.signal);
    }
  }

  const serving = serve();
  return {
    async stop() {
      unlisten();
      stopping.abort();
      await serving;
    },
  };
}
