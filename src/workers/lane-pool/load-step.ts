/** The steps of loading a model, in words, and how long one may take. */
import type { LoadStep } from '../lane/messages.ts';

export const DEFAULT_LOAD_MS = 300_000;

const STEP_TEXT: Readonly<Record<LoadStep, string>> = {
  start: 'starting the lane',
  open: 'reading and optimising the graph',
  first_run: 'the first run, on a black image,',
  probe: 'probing with made-up images',
};

/** Why a lane was killed that was at this step for too long. */
export function stuckIn(step: LoadStep, timeoutMs: number): string {
  return `${STEP_TEXT[step]} did not end within ${timeoutMs / 1000} s, so the lane was killed`;
}
