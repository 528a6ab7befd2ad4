/**
 * Connects a lane's process to its parent: receives messages, sends answers, and ends the process when the parent is
 * gone. Loaded after the bootstrap. The caller decides what kinds of model the lane can load.
 */
import { InvariantError } from '../../shared/errors.ts';
import type { ActivityClock } from './activity-clock.ts';
import { unpackRequest, type WireToLane } from './channel/wire.ts';
import type { Executor } from './executor.ts';
import { createLaneThread, type LaneThread } from './lane.ts';
import type { BeginRequest, FromLane, LoadRequest, LoadStep } from './messages.ts';

export interface LaneParts {
  readonly clock: ActivityClock;
  /** The cost of reading rows since the last call. */
  takeReadCounts(): { readonly bytes: number; readonly ms: number };
  loadModel(request: LoadRequest, onStep: (step: LoadStep) => void): Promise<Executor>;
}

/** `build` creates the lane's parts when the parent's first message brings its settings. */
export function serveParent(build: (begin: BeginRequest) => LaneParts): void {
  let lane: LaneThread | null = null;
  process.on('message', (packed: WireToLane) => {
    const message = unpackRequest(packed);
    if (message.type === 'begin') lane = startLane(build(message));
    else if (lane === null)
      throw new InvariantError(`the lane got "${message.type}" before it got its settings`);
    else lane.handle(message);
  });
  process.on('disconnect', die);
  send({ type: 'started', pid: process.pid });
}

function startLane(parts: LaneParts): LaneThread {
  return createLaneThread({
    clock: parts.clock,
    loadModel: async (request) =>
      parts.loadModel(request, (step) => send({ type: 'loading', model: request.model, step })),
    takeReadCounts: () => parts.takeReadCounts(),
    send,
    onClosed: () => {
      process.off('disconnect', die);
      // Waits for the next turn of the event loop. If the first message arrived before the listener was there, Node
      // uses the channel once more after this call.
      setImmediate(() => process.disconnect());
    },
  });
}

function send(message: FromLane): void {
  // Without a callback, a broken channel would be an uncaught error. `disconnect` follows anyway.
  process.send?.(message, undefined, undefined, () => {});
}

/** Ends the lane without an answer. Uses SIGKILL, because `exit` tears down libraries under threads that still compute. */
export function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
