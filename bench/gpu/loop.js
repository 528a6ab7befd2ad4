/**
 * The loop that a script would write: reads and decodes a batch, then runs it, in one thread of one process. The process
 * takes its settings as JSON and prints rows per second as JSON.
 *
 * @typedef {{ graph: string, model: object, batch: number, providers: readonly string[], files: readonly string[],
 *   seconds: number }} LoopSettings
 */
import { performance } from 'node:perf_hooks';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
Reflect.deleteProperty(globalThis, 'Float16Array');
const { InferenceSession, Tensor } = await import('onnxruntime-node');
const { createProgram } = await import('../inprocess/programs/program.js');

/** @type {LoopSettings} */
const settings = JSON.parse(process.argv[2]);
const { graph, model, batch, providers, files, seconds } = settings;
const session = await InferenceSession.create(graph, {
  executionProviders: [...providers],
  intraOpNumThreads: 1,
});
const signature = { inputs: session.inputMetadata, outputs: session.outputMetadata };
const { decode } = model.preprocess;
const program = await createProgram({ model, signature, batch, decode });
let cursor = 0;

async function runBatch() {
  const decoded = [];
  for (let i = 0; i < batch; i++)
    decoded.push(await program.decode(program.read(files[cursor++ % files.length])));
  const tensors = Object.entries(program.feeds(decoded)).map(([name, { type, data, dims }]) => [
    name,
    new Tensor(type, data, dims),
  ]);
  return program.answers(await session.run(Object.fromEntries(tensors)), decoded);
}

await runBatch();
let rows = 0;
const began = performance.now();
for (; performance.now() - began < seconds * 1000; rows += batch) await runBatch();
process.stdout.write(JSON.stringify({ rate: rows / ((performance.now() - began) / 1000) }));
process.exit(0);
