/** A model that the pool should keep resident in lanes. */
import type { ForebayError } from '../../shared/errors.ts';
import type { LoadModel } from './lane-handle.ts';

export interface PooledModel {
  readonly load: LoadModel;
  /** Number of lanes that should hold it. */
  readonly lanes: number;
  /** In ms. A lane that works on one batch for longer is killed. */
  readonly timeoutMs: number;
  /** Whether its files still have the hash that is in the name of its queue. */
  readonly unchanged: () => Promise<boolean>;
  /** Called when no lane holds the model any more, and none will load it again. */
  readonly onLost?: (why: ForebayError) => void;
}
