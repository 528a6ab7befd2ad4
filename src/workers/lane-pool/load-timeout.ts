/** The timeout of one step of loading a model, and the message for a step that takes longer. */
import type { LoadStep } from '../lane/messages.ts';

export const DEFAULT_LOAD_TIMEOUT_MS = 300_000;

const STEP_TEXT: Readonly<Record<LoadStep, string>> = {
  start: 'starting the lane',
  open: 'reading and optimising the graph',
  first_run: 'the first run, on a made-up row,',
  probe: 'probing with made-up rows',
  load: 'load() of the predictor',
};

/** The reason for killing a lane that took too long for this step. */
export function loadTimeoutMessage(step: LoadStep, timeoutMs: number): string {
  return `${STEP_TEXT[step]} did not end within ${timeoutMs / 1000} s, so the lane was killed`;
}
