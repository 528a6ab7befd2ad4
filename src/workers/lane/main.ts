/** Entry of a lane's process. lane-pool/child-lane.ts forks it, with its own pid as the argument. Wiring only. */
import { bootstrapLane } from './bootstrap.ts';
import { startWatchdog } from './watchdog.ts';

bootstrapLane();
startWatchdog(Number(process.argv[2]));

// Imported only now, because onnxruntime and sharp must be loaded after the bootstrap.
const { loadOnnxExecutor } = await import('./models/onnx-executor.ts');
const { createOnnxSession } = await import('./models/onnx-session.ts');
const { openGraph } = await import('./models/graph-cache.ts');
const { configureSharp } = await import('./image/decode/sharp-decoder.ts');
const { createDecoderFactory } = await import('./image/decode/decoders.ts');
const { createActivityClock } = await import('./activity-clock.ts');
const { createRowBytes } = await import('./rows/row-bytes.ts');
const { serveParent } = await import('./serve-parent.ts');

configureSharp();
serveParent((limits) => {
  const clock = createActivityClock();
  const createDecoder = createDecoderFactory(limits, { timed: (work) => clock.during('decode', work) });
  const rowBytes = createRowBytes(limits);
  return {
    clock,
    rowBytes,
    loadModel: async (request, onStep) =>
      loadOnnxExecutor(request, {
        onStep,
        createSession: async (graph) => openGraph(graph, createOnnxSession),
        services: { rowBytes, createDecoder },
      }),
  };
});
