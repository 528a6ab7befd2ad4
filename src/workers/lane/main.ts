/** Entry of a lane's process (forked by lanes/child-lane.ts with its own pid as argument): wiring only. */
import { bootstrapLane } from './bootstrap.ts';
import { startWatchdog } from './watchdog.ts';

bootstrapLane();
startWatchdog(Number(process.argv[2]));

// Imported only now: loading onnxruntime and sharp must come after the bootstrap.
const { loadResidentModel } = await import('./models/resident-model.ts');
const { createOnnxSession } = await import('./models/onnx-session.ts');
const { openGraph } = await import('./models/graph-cache.ts');
const { configureSharp } = await import('./image/decode/sharp-decoder.ts');
const { createDecoderFactory } = await import('./image/decode/decoders.ts');
const { createLaneClock } = await import('./lane-clock.ts');
const { createRowBytes } = await import('./rows/row-bytes.ts');
const { serveParent } = await import('./serve-parent.ts');

configureSharp();
const clock = createLaneClock();
const createDecoder = createDecoderFactory({ timed: (work) => clock.during('decode', work) });
const rowBytes = createRowBytes();
serveParent({
  clock,
  rowBytes,
  loadModel: async (request, onStep) =>
    loadResidentModel(request, {
      onStep,
      createSession: async (graph) => openGraph(graph, createOnnxSession),
      createDecoder,
      rowBytes,
    }),
});
