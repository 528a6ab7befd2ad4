/**
 * Connects a lane's process to its parent: receives messages, sends answers, and ends the process when the parent is
 * gone. Loaded after the bootstrap. The caller decides what kinds of model the lane can load.
 */
import { InvariantError } from '../../shared/errors.ts';
import type { RowLimits } from '../../shared/files/row-limits.ts';
import type { ActivityClock } from './activity-clock.ts';
import { packReply, unpackRequest, type WireToLane } from './channel/wire.ts';
import type { Executor } from './executor.ts';
import { createLaneThread, type LaneThread } from './lane.ts';
import type { FromLane, LoadRequest, LoadStep } from './messages.ts';
import type { RowBytes } from './rows/row-bytes.ts';

export interface LaneParts {
  readonly clock: ActivityClock;
  readonly rowBytes: Pick<RowBytes, 'takeCounts'>;
  loadModel(request: LoadRequest, onStep: (step: LoadStep) => void): Promise<Executor>;
}

/** `build` creates the lane's parts when the parent's first message brings the limits. */
export function serveParent(build: (limits: RowLimits) => LaneParts): void {
  let lane: LaneThread | null = null;
  process.on('message', (packed: WireToLane) => {
    const message = unpackRequest(packed);
    if (message.type === 'begin') lane = startLane(build(message.limits));
    else if (lane === null)
      throw new InvariantError(`the lane got "${message.type}" before it got its limits`);
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
    takeReadCounts: () => parts.rowBytes.takeCounts(),
    send,
    onClosed: () => {
      process.off('disconnect', die);
      // Waits for the next turn. If the message arrived before its listener, Node uses the channel once more after this
      // call.
      setImmediate(() => process.disconnect());
    },
  });
}

function send(message: FromLane): void {
  // Without a callback, a broken channel would be an uncaught error. `disconnect` follows anyway.
  process.send?.(packReply(message), undefined, undefined, () => {});
}

/** Nobody is left to answer. Uses SIGKILL, because `exit` tears down libraries under threads that still compute. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
