/**
 * Entry point of a text lane's process. The lane thread, the session and the reading of rows belong to the service. The
 * model belongs to the benchmark, because the ladder's text encoder has no tokenizer.
 */
import { bootstrapLane } from '../../dist/workers/lane/bootstrap.js';
import { startWatchdog } from '../../dist/workers/lane/watchdog.js';

bootstrapLane();
await startWatchdog(Number(process.argv[2]));

// Imported only now, because onnxruntime must load after the bootstrap.
const { createActivityClock } = await import('../../dist/workers/lane/activity-clock.js');
const { createOnnxSession } = await import('../../dist/workers/lane/models/onnx-session.js');
const { createRowBytes } = await import('../../dist/workers/lane/rows/row-bytes.js');
const { serveParent } = await import('../../dist/workers/lane/serve-parent.js');
const { loadTextModel } = await import('./text-model.js');

const config = JSON.parse(process.env['FOREBAY_BENCH_TEXT'] ?? '{}');
serveParent(({ limits }) => {
  const rowBytes = createRowBytes(limits);
  return {
    clock: createActivityClock(),
    takeReadCounts: () => rowBytes.takeCounts(),
    loadModel: async (request) =>
      loadTextModel(request, { ...config, createSession: createOnnxSession, rowBytes }),
  };
});
