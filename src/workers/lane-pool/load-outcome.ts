/** How loading a model into a lane ended. */
import { ForebayError, messageOf } from '../../shared/errors.ts';
import type { ModelInfo } from '../lane/messages.ts';
import { LaneDied } from './lane-handle.ts';

export type LoadOutcome =
  | { readonly ok: true; readonly info: ModelInfo }
  | { readonly ok: false; readonly error: ForebayError };

/** `error`: the rejection of Lane.load. */
export function loadFailure(model: string, error: unknown): LoadOutcome & { ok: false } {
  if (error instanceof ForebayError) return { ok: false, error };
  return {
    ok: false,
    error: new ForebayError('model_load_failed', describe(model, error), { cause: error }),
  };
}

function describe(model: string, error: unknown): string {
  const why = error instanceof LaneDied ? error.why : 'crashed';
  if (why === 'timed_out') {
    return `Loading model "${model}" hangs: ${messageOf(error)}. If it is only slow, raise FOREBAY_LOAD_TIMEOUT_S`;
  }
  return `The lane ended while it loaded model "${model}": ${messageOf(error)}${why === 'out_of_memory' ? ', out of memory' : ''}`;
}

/** Whether the same load may succeed when no other lane loads at the same time. */
export function isWorthRetrying({ error }: LoadOutcome & { ok: false }): boolean {
  return error.cause instanceof LaneDied && error.cause.why !== 'timed_out';
}

export function changedWhileLoading(model: string): LoadOutcome & { ok: false } {
  const message = `The files of model "${model}" have changed since they were read`;
  return { ok: false, error: new ForebayError('model_load_failed', message) };
}
