/**
 * Trials: a model is first loaded in a separate process, beside the lanes. There it may hang or crash without affecting
 * the models that are served.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { createSemaphore } from '../../shared/process/semaphore.ts';
import type { Lane } from '../lane-pool/lane-handle.ts';
import { loadFailure, type LoadOutcome } from '../lane-pool/load-outcome.ts';
import type { LoadRequest } from '../lane/messages.ts';

/** After this time, a trial no longer makes others wait. */
const PATIENCE_MS = 3_000;

export interface ModelTrials {
  /** Never rejects. */
  try(load: Omit<LoadRequest, 'type'>): Promise<LoadOutcome>;
  readonly stopped: boolean;
  /** Ends all trials. Further ones fail immediately. */
  stop(): void;
}

export function createModelTrials(deps: { startLane: () => Lane; atOnce: number }): ModelTrials {
  const turn = createSemaphore(deps.atOnce);
  const lanes = new Set<Lane>();
  let stopped = false;

  async function run(load: Omit<LoadRequest, 'type'>): Promise<LoadOutcome> {
    const lane = deps.startLane();
    lanes.add(lane);
    try {
      return { ok: true, info: await lane.load(load) };
    } catch (error) {
      return loadFailure(load.config.name, error);
    } finally {
      lane.kill();
      lanes.delete(lane);
    }
  }

  return {
    async try(load) {
      // Wrapped in an object, because `use` would await a returned promise and keep the turn until the trial ends.
      const { trial } = await turn.use(async () => {
        if (stopped) return { trial: stoppedTrial(load.config.name) };
        const begun = run(load);
        await Promise.race([begun, delay(PATIENCE_MS, undefined, { ref: false })]);
        return { trial: begun };
      });
      return trial;
    },
    get stopped() {
      return stopped;
    },
    stop() {
      stopped = true;
      for (const lane of lanes) lane.kill();
    },
  };
}

async function stoppedTrial(model: string): Promise<LoadOutcome> {
  return loadFailure(model, new Error('the worker stops'));
}
