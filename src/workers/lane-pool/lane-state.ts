/**
 * The states of one lane of the pool, and the steps between them. `start`, `beginBatch`, `beginLoad` and `drain` throw
 * InvariantError from a state that they may not start from.
 */
import { InvariantError } from '../../shared/errors.ts';
import type { Lane } from './lane-handle.ts';

/**
 * - `down`: has no process. One is started after a wait.
 * - `open`: takes batches.
 * - `exclusive`: runs a batch that must be alone, and takes no other.
 * - `emptying`: takes no batch, and waits for its current ones to end before it loads a model.
 * - `loading`: loads a model. Has no batch and takes none.
 * - `draining`: takes no batch, and is restarted once its current ones have ended.
 * - `closed`: ends for good.
 */
type State =
  | { readonly is: 'down' }
  | { readonly is: 'open' | 'exclusive' | 'loading' | 'draining'; readonly lane: Lane }
  | { readonly is: 'emptying'; readonly lane: Lane; readonly settle: (empty: Lane | null) => void }
  | { readonly is: 'closed'; readonly lane: Lane | null };

export interface LaneState {
  readonly is: State['is'];
  /** Null while there is no process. */
  readonly lane: Lane | null;
  /** Whether there is a process that can be asked to load a model. */
  readonly isUp: boolean;
  /** Batches in the current process. */
  readonly batches: number;
  /** down > open. */
  start(lane: Lane): void;
  /** Any state > down, but `closed` stays. The lane's batches are over. */
  end(): void;
  /** open > open, or exclusive if the batch must be alone. Returns the lane to send it to. */
  beginBatch(alone: boolean): Lane;
  /**
   * exclusive > open. After the last batch: emptying > loading. `of`: the lane that `beginBatch` returned. Does nothing
   * and returns false if that lane's process has ended.
   */
  endBatch(of: Lane): boolean;
  /**
   * open or exclusive > loading, by way of `emptying` while there are batches. Resolves to the empty lane, or null if the
   * state changed before it was empty.
   */
  beginLoad(): Promise<Lane | null>;
  /** loading > open. Does nothing if the process has ended or was closed meanwhile. */
  endLoad(): void;
  /** open or exclusive > draining. */
  drain(): void;
  /** Any state > closed. */
  close(): void;
}

export function createLaneState(): LaneState {
  let state: State = { is: 'down' };
  let batches = 0;

  /** Returns the state if it is one of `allowed`, else throws. */
  function from<Is extends State['is']>(step: string, ...allowed: Is[]): Extract<State, { is: Is }> {
    if (allowed.includes(state.is as Is)) return state as Extract<State, { is: Is }>;
    throw new InvariantError(`a lane cannot ${step} while it is ${state.is}`);
  }

  function enter(to: State): void {
    if (state.is === 'emptying') state.settle(to.is === 'loading' ? state.lane : null);
    state = to;
  }

  const laneOf = (of: State) => (of.is === 'down' ? null : of.lane);

  return {
    get is() {
      return state.is;
    },
    get lane() {
      return laneOf(state);
    },
    get isUp() {
      return state.is !== 'down' && state.is !== 'draining' && state.is !== 'closed';
    },
    get batches() {
      return batches;
    },
    start(lane) {
      from('start', 'down');
      enter({ is: 'open', lane });
    },
    end() {
      batches = 0;
      enter(state.is === 'closed' ? { is: 'closed', lane: null } : { is: 'down' });
    },
    beginBatch(alone) {
      const { lane } = from('take a batch', 'open');
      batches += 1;
      if (alone) enter({ is: 'exclusive', lane });
      return lane;
    },
    endBatch(of) {
      if (laneOf(state) !== of) return false;
      batches -= 1;
      if (state.is === 'exclusive') enter({ is: 'open', lane: state.lane });
      if (state.is === 'emptying' && batches === 0) enter({ is: 'loading', lane: state.lane });
      return true;
    },
    async beginLoad() {
      const { lane } = from('load a model', 'open', 'exclusive');
      if (batches === 0) {
        enter({ is: 'loading', lane });
        return lane;
      }
      return new Promise((settle) => enter({ is: 'emptying', lane, settle }));
    },
    endLoad() {
      if (state.is === 'loading') enter({ is: 'open', lane: state.lane });
    },
    drain() {
      const { lane } = from('drain', 'open', 'exclusive');
      enter({ is: 'draining', lane });
    },
    close() {
      enter({ is: 'closed', lane: laneOf(state) });
    },
  };
}
