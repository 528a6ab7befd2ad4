/**
 * Whether this worker takes work. Operators drain and resume it, and SIGTERM ends it. Both ways of stopping share this
 * code: nothing more is taken, and what the worker holds is finished.
 *
 * Besides the states of an intake (shared/domain/intake-state.ts) there is `ending`: the worker drains for good.
 */
import type { IntakeOrder, IntakeState } from '../../shared/domain/intake-state.ts';
import { InvariantError } from '../../shared/errors.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { OnlineServer } from '../online/online-server.ts';
import type { RunsInHand } from '../run/runs-in-hand.ts';
import type { BlockSource } from './block-source.ts';

export type Intake = ReturnType<typeof createIntake>;

export function createIntake(deps: {
  source: Pick<BlockSource, 'hold' | 'release' | 'stop'>;
  online: Pick<OnlineServer, 'hold' | 'release' | 'stop'>;
  runs: Pick<RunsInHand, 'ended'>;
  /** The state has changed. */
  onChange: () => void;
  emit: Emit;
}) {
  const { source, online, runs, onChange, emit } = deps;
  let state: IntakeState | 'ending' = 'running';
  /** Rises with each order, so that an earlier drain does not end a later one. */
  let turn = 0;

  /** Allowed in state `running`. */
  function drain(): void {
    enter('draining');
    emit('worker.draining', {});
    void finish([source.hold(), online.hold()]);
  }

  /** Allowed in states `draining` and `drained`. */
  function resume(): void {
    turn += 1;
    enter('running');
    emit('worker.resumed', {});
    source.release();
    online.release();
  }

  /** Settles when the worker holds no block and no online request. */
  async function finish(stopping: readonly Promise<void>[]): Promise<void> {
    turn += 1;
    const mine = turn;
    await Promise.all(stopping);
    await runs.ended();
    if (state !== 'draining' || turn !== mine) return;
    enter('drained');
    emit('worker.drained', {});
  }

  function enter(next: IntakeState): void {
    state = next;
    onChange();
  }

  return {
    get state(): IntakeState {
      return state === 'ending' ? 'draining' : state;
    },
    /** Follows the last order of an operator. The same order may come again. */
    follow(order: IntakeOrder): void {
      if (order === 'drain' && state === 'running') drain();
      if (order === 'resume' && (state === 'draining' || state === 'drained')) resume();
    },
    /** Drains for good. Settles when nothing is left. Allowed once. */
    async end(): Promise<void> {
      if (state === 'ending') throw new InvariantError('an intake was ended twice');
      state = 'ending';
      emit('worker.draining', {});
      await finish([source.stop(), online.stop()]);
    },
  };
}
