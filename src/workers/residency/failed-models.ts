/**
 * When a model that could not be loaded is tried again, although nobody has written its files. The reason may have been
 * the machine's: too little memory, or a service that the model's code needs. Wrong configs need other files.
 */
import type { ForebayError } from '../../shared/errors.ts';
import type { ServedModel } from '../models/served-model.ts';

const FIRST_PAUSE_MS = 60_000;
const LONGEST_PAUSE_MS = 30 * 60_000;

interface Failure {
  readonly error: ForebayError;
  readonly pauseMs: number;
  /** Monotonic, ms. */
  readonly nextTry: number;
}

export function createFailedModels(now: () => number) {
  /** By queue. */
  const failures = new Map<string, Failure>();

  function note(queue: string, error: ForebayError): Failure {
    const last = failures.get(queue);
    if (last?.error === error) return last;
    const pauseMs = last === undefined ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * last.pauseMs);
    const failure = { error, pauseMs, nextTry: now() + pauseMs };
    failures.set(queue, failure);
    return failure;
  }

  return {
    /** Queues of the models to try now. Must see all models about once per second. */
    due(models: readonly ServedModel[]): string[] {
      const kept = new Set(
        models.flatMap(({ queue, state }) => (state.is === 'failed' || state.is === 'loading' ? queue : [])),
      );
      for (const queue of failures.keys()) if (!kept.has(queue)) failures.delete(queue);
      return models.flatMap(({ queue, state }) => {
        if (state.is !== 'failed' || state.error.code !== 'model_load_failed') return [];
        return note(queue, state.error).nextTry <= now() ? queue : [];
      });
    },
  };
}
