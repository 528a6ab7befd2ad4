/**
 * Entry of a text lane's process: the service's lane thread, session and reading of rows, around a model of the bench's
 * own, since the service has no task for text yet. As src/workers/lane/main.ts otherwise.
 */
import { bootstrapLane } from '../../dist/workers/lane/bootstrap.js';
import { startWatchdog } from '../../dist/workers/lane/watchdog.js';

bootstrapLane();
startWatchdog(Number(process.argv[2]));

// Imported only now: loading onnxruntime must come after the bootstrap.
const { createLaneThread } = await import('../../dist/workers/lane/lane.js');
const { createLaneClock } = await import('../../dist/workers/lane/lane-clock.js');
const { createOnnxSession } = await import('../../dist/workers/lane/models/onnx-session.js');
const { createRowBytes } = await import('../../dist/workers/lane/row-bytes.js');
const { loadTextModel } = await import('./text-model.js');

const config = JSON.parse(process.env['FOREBAY_BENCH_TEXT'] ?? '{}');
const rowBytes = createRowBytes();
const lane = createLaneThread({
  clock: createLaneClock(),
  loadModel: async (request) =>
    loadTextModel(request, { ...config, createSession: createOnnxSession, rowBytes }),
  takeReadCounts: () => rowBytes.takeCounts(),
  send: (message) => process.send?.(message, undefined, undefined, () => {}),
  onClosed: () => {
    process.off('disconnect', die);
    setImmediate(() => process.disconnect());
  },
});
process.on('message', (message) => lane.handle(message));
process.on('disconnect', die);
process.send?.({ type: 'started', pid: process.pid });

function die() {
  process.kill(process.pid, 'SIGKILL');
}
