/**
 * The loop that a script would write: reads and decodes a batch, then runs it, in one thread of one process. The program
 * takes its settings as JSON and prints rows per second as JSON.
 *
 * @typedef {{ graph: string, preprocess: object, decode: string, batch: number, providers: readonly string[],
 *   files: readonly string[], seconds: number }} LoopSettings
 */
import { performance } from 'node:perf_hooks';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
Reflect.deleteProperty(globalThis, 'Float16Array');
const { InferenceSession, Tensor } = await import('onnxruntime-node');
const { createInputs } = await import('../inprocess/inputs.js');

/** @type {LoopSettings} */
const settings = JSON.parse(process.argv[2]);
const { graph, batch, providers, files, seconds } = settings;
const inputs = await createInputs({ kind: 'image', ...settings });
const session = await InferenceSession.create(graph, {
  executionProviders: [...providers],
  intraOpNumThreads: 1,
});
const [name] = session.inputNames;
let cursor = 0;

async function runBatch() {
  const decoded = [];
  for (let i = 0; i < batch; i++)
    decoded.push(await inputs.decode(inputs.read(files[cursor++ % files.length])));
  const { type, data, dims } = inputs.feeds(decoded);
  const results = await session.run({ [name]: new Tensor(type, data, dims) });
  return results[session.outputNames[0]].data;
}

await runBatch();
let rows = 0;
const began = performance.now();
for (; performance.now() - began < seconds * 1000; rows += batch) await runBatch();
process.stdout.write(JSON.stringify({ rate: rows / ((performance.now() - began) / 1000) }));
process.exit(0);
