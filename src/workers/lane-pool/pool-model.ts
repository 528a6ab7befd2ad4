/** A model to keep resident in lanes. */
import type { ForebayError } from '../../shared/errors.ts';
import type { LoadRequest } from '../lane/messages.ts';

export interface ResidentModel {
  readonly load: Omit<LoadRequest, 'type'>;
  /** In how many lanes. */
  readonly lanes: number;
  /** Longest that a lane may be at work on one batch before it is killed. */
  readonly timeoutMs: number;
  /** Whether its files are still those that its queue stands for. */
  readonly unchanged: () => Promise<boolean>;
  /** Called when no lane holds it any more or will again. */
  readonly onLost?: (why: ForebayError) => void;
}
