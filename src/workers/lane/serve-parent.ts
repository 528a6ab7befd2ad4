/**
 * A lane's process as its parent knows it: messages in, answers out over the channel, and no life without it. Loaded after
 * the bootstrap; what the models are is its caller's affair.
 */
import type { LaneClock } from './lane-clock.ts';
import { createLaneThread } from './lane.ts';
import type { FromLane, LoadRequest, LoadStep, ToLane } from './messages.ts';
import type { ResidentModel } from './models/resident-model.ts';
import type { RowBytes } from './rows/row-bytes.ts';

export function serveParent(parts: {
  readonly clock: LaneClock;
  readonly rowBytes: Pick<RowBytes, 'takeCounts'>;
  loadModel(request: LoadRequest, onStep: (step: LoadStep) => void): Promise<ResidentModel>;
}): void {
  const lane = createLaneThread({
    clock: parts.clock,
    loadModel: async (request) =>
      parts.loadModel(request, (step) => send({ type: 'loading', model: request.model, step })),
    takeReadCounts: () => parts.rowBytes.takeCounts(),
    send,
    onClosed: () => {
      process.off('disconnect', die);
      // Not at once: where the message came before its listener, Node still uses the channel after the call.
      setImmediate(() => process.disconnect());
    },
  });
  process.on('message', (message: ToLane) => lane.handle(message));
  process.on('disconnect', die);
  send({ type: 'started', pid: process.pid });
}

function send(message: FromLane): void {
  // Without a callback a broken channel would be an uncaught error; `disconnect` follows anyway.
  process.send?.(message, undefined, undefined, () => {});
}

/** Nobody is left to answer to. Not `exit`: that tears libraries down under threads that still compute. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
