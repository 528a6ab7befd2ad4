/** Entry of a lane's process (forked by lanes/child-lane.ts with its own pid as argument): wiring only. */
import { bootstrapLane } from './bootstrap.ts';
import type { FromLane, ToLane } from './messages.ts';
import { startWatchdog } from './watchdog.ts';

bootstrapLane();
startWatchdog(Number(process.argv[2]));

// Imported only now: loading onnxruntime and sharp must come after the bootstrap.
const { createLaneThread } = await import('./lane.ts');
const { loadResidentModel } = await import('./models/resident-model.ts');
const { createOnnxSession } = await import('./models/onnx-session.ts');
const { openGraph } = await import('./models/graph-cache.ts');
const { configureSharp } = await import('./decode/sharp-decoder.ts');
const { createDecoderFactory } = await import('./decode/decoders.ts');
const { createLaneClock } = await import('./lane-clock.ts');
const { createRowBytes } = await import('./row-bytes.ts');

configureSharp();
const clock = createLaneClock();
const createDecoder = createDecoderFactory({ timed: (work) => clock.during('decode', work) });
const rowBytes = createRowBytes();
const lane = createLaneThread({
  clock,
  loadModel: async (request) =>
    loadResidentModel(request, {
      createSession: async (graph) => openGraph(graph, createOnnxSession),
      createDecoder,
      rowBytes,
    }),
  takeReadCounts: () => rowBytes.takeCounts(),
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

function send(message: FromLane): void {
  // Without a callback a broken channel would be an uncaught error; `disconnect` follows anyway.
  process.send?.(message, undefined, undefined, () => {});
}

/** Nobody is left to answer to. Not `exit`: that tears libraries down under threads that still compute. */
function die(): void {
  process.kill(process.pid, 'SIGKILL');
}
