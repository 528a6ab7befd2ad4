/**
 * One lane without the service, as a process or a thread. It runs whole rows in one loop. The first message is its
 * configuration, which it answers with `ready`. It answers each `go` with its counts for the given seconds.
 *
 * @typedef {object} LaneConfig
 * @property {'image' | 'text'} kind
 * @property {string} graph path of the ONNX file
 * @property {object} [preprocess] of the model config
 * @property {'exact' | 'fast' | 'sharp'} [decode]
 * @property {number} [sharpThreads] threads of libvips; absent: its default
 * @property {number} [threads] of a model call; absent: onnxruntime's default
 * @property {number} batch rows per model call
 * @property {{ from: number, to: number }} [tokens] of a row of text
 * @property {boolean} [ahead] decodes the next batch while one runs
 * @property {boolean} [singly] decodes and runs rows one by one
 * @property {boolean} [reload] loads the model for every batch
 * @property {number} [sorted] number of text batches whose rows are sorted by length together; not with `ahead`
 * @property {number} [nice]
 */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
Reflect.deleteProperty(globalThis, 'Float16Array');
const { InferenceSession, Tensor } = await import('onnxruntime-node');
const { createInputs } = await import('./inputs.js');
const { bestOfRows } = await import('./answers.js');

const channel = parentPort ?? process;
const send = (message) => (parentPort === null ? process.send(message) : parentPort.postMessage(message));
/** The last answers, which a caller would keep too. */
const kept = [];

channel.once('message', (config) => void serve(config));

async function serve({ config, files, first, step }) {
  if (config.nice !== undefined && parentPort === null) setPriority(config.nice);
  const inputs = await createInputs(config);
  const began = performance.now();
  let session = config.reload ? null : await load(config);
  const loadMs = performance.now() - began;
  /** Number of the next batch. Lanes take the batches in turn. */
  let next = first;
  /** Batches that were taken but have not started. */
  let waiting = [];

  function take() {
    if (waiting.length === 0) waiting = config.sorted ? takeSorted(config.sorted) : [takeNext()];
    return waiting.shift();
  }

  function takeNext() {
    const from = next * config.batch;
    next += step;
    return Array.from({ length: config.batch }, (_, i) => files[(from + i) % files.length]);
  }

  /** Rows of similar length share a batch, so that it has little padding. */
  function takeSorted(count) {
    const rows = Array.from({ length: count }, takeNext).flat();
    rows.sort((a, b) => inputs.lengthOf(a) - inputs.lengthOf(b));
    return Array.from({ length: count }, (_, i) => rows.slice(i * config.batch, (i + 1) * config.batch));
  }

  async function measure(seconds) {
    const stages = { read: 0, decode: 0, prepare: 0, infer: 0, post: 0 };
    const start = performance.now();
    let rows = 0;
    let coming = config.ahead ? begin(take(), stages) : null;
    // Ends only after the last batch of a sorted group, because rows get longer from batch to batch.
    while (performance.now() - start < seconds * 1000 || rows === 0 || waiting.length > 0) {
      if (config.reload) session = await timed(stages, 'prepare', () => load(config));
      const begun = coming ?? begin(take(), stages);
      const decoded = config.singly
        ? null
        : await timed(stages, 'decode', () => Promise.all(begun.decoding()));
      coming = config.ahead ? begin(take(), stages) : null;
      if (decoded !== null) await answer(decoded, stages);
      else for (const one of begun.singly()) await answer([await timed(stages, 'decode', one)], stages);
      rows += config.batch;
      if (config.reload) await session.release();
    }
    return { rows, ms: performance.now() - start, stages };
  }

  /** Reads a batch. With `ahead`, decoding starts immediately. */
  function begin(batch, stages) {
    const read = () => batch.map((row) => timedNow(stages, 'read', () => inputs.read(row)));
    if (config.singly)
      return { singly: () => batch.map((row) => async () => inputs.decode(inputs.read(row))) };
    if (!config.ahead) return { decoding: () => read().map((row) => inputs.decode(row)) };
    const decoding = read().map((row) => timedNow(stages, 'decode', () => inputs.decode(row)));
    return { decoding: () => decoding };
  }

  async function answer(decoded, stages) {
    const { type, data, dims } = timedNow(stages, 'prepare', () => inputs.feeds(decoded));
    const feeds = { [session.inputNames[0]]: new Tensor(type, data, dims) };
    const output = (await timed(stages, 'infer', () => session.run(feeds)))[session.outputNames[0]];
    const answers = timedNow(stages, 'post', () =>
      config.kind === 'text' ? [output.data] : bestOfRows(output.data, output.data.length / dims[0]),
    );
    kept.push(...answers);
    if (kept.length > 10_000) kept.length = 0;
  }

  // Warms up before the first figure. With `reload` this puts the model file into the page cache.
  if (config.reload) await (await load(config)).release();
  else await measure(0);
  send({ type: 'ready', loadMs });
  channel.on('message', (message) => {
    if (message.type === 'end') process.exit(0);
    void measure(message.seconds).then((done) => send({ type: 'done', ...done }));
  });
}

async function load({ graph, threads }) {
  return InferenceSession.create(graph, threads === undefined ? {} : { intraOpNumThreads: threads });
}

async function timed(stages, stage, work) {
  const start = performance.now();
  const value = await work();
  stages[stage] += performance.now() - start;
  return value;
}

function timedNow(stages, stage, work) {
  const start = performance.now();
  const value = work();
  stages[stage] += performance.now() - start;
  return value;
}
