/**
 * Entry of a lane's process. lane-pool/child-lane.ts forks it and passes the worker's pid as the argument. Wiring only.
 */
import { bootstrapLane } from './bootstrap.ts';
import { startWatchdog } from './watchdog.ts';

bootstrapLane();
const watching = startWatchdog(Number(process.argv[2]));

// Imported only now, because onnxruntime and sharp must be loaded after the bootstrap.
const { loadExecutor } = await import('./models/load-executor.ts');
const { createOnnxSession } = await import('./models/onnx-session.ts');
const { openGraph } = await import('./models/graph-cache.ts');
const { configureSharp } = await import('./image/decode/sharp-decoder.ts');
const { createDecoderFactory } = await import('./image/decode/decoders.ts');
const { createActivityClock } = await import('./activity-clock.ts');
const { createRowBytes } = await import('./rows/row-bytes.ts');
const { createDecodeThreads } = await import('./decode-threads/decode-threads.ts');
const { die, serveParent } = await import('./serve-parent.ts');

configureSharp();
await watching;
serveParent(({ limits, decodeThreads: count = 0 }) => {
  const clock = createActivityClock();
  const createDecoder = createDecoderFactory(limits, { timed: (work) => clock.during('decode', work) });
  const rowBytes = createRowBytes(limits);
  const decodeThreads = count === 0 ? undefined : createDecodeThreads({ count, limits, onDeath });
  return {
    clock,
    takeReadCounts() {
      const { bytes, ms } = rowBytes.takeCounts();
      return { bytes: bytes + (decodeThreads?.takeBytes() ?? 0), ms };
    },
    async loadModel(request, onStep) {
      await decodeThreads?.ready;
      const executor = await loadExecutor(request, {
        onStep,
        createSession: async (graph) => openGraph(graph, createOnnxSession),
        services: { rowBytes, createDecoder, decodeThreads },
      });
      await createDecoder.ready();
      return executor;
    },
  };
});

/** Ends the lane. The worker then tries the rows again, each alone, as after any crash of a lane. */
function onDeath(why: string): void {
  process.stderr.write(`forebay lane: a decode thread has ended: ${why}\n`);
  die();
}
