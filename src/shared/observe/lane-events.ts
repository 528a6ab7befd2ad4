/** Events of lanes, as their worker sees them. */
import { event } from './event-kind.ts';

export interface InLane {
  readonly lane: number;
}

export const LANE_EVENTS = {
  /** A batch has exceeded the timeout of its model. */
  'lane.stuck': event<InLane>('error', 'a batch exceeded its timeout, so the lane is killed'),
  /** A lane has ended on request. `lived_ms`: since its start. */
  'lane.recycled': event<InLane & { readonly lived_ms: number }>(
    'info',
    'lane ended as planned, starting it again',
  ),
  'lane.died': event<
    InLane & {
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      readonly lived_ms: number;
    }
  >('warn', 'lane died, starting it again'),
  /** `code` and `message` describe the same error. */
  'lane.load_failed': event<
    InLane & { readonly model: string; readonly code: string; readonly message: string }
  >(
    'error',
    ({ message }) => message,
    ({ lane, model, code }) => ({ lane, model, code }),
  ),
  /** Files of a loaded model have changed. The lane reloads it. */
  'lane.model_changed': event<InLane & { readonly model: string | undefined; readonly message: string }>(
    'error',
    ({ message }) => message,
    ({ lane, model }) => ({ lane, model }),
  ),
};
