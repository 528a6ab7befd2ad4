/**
 * One lane without the service, as a process or a thread. It runs whole rows in one loop. The first message is its
 * configuration, which it answers with `ready`. It answers each `go` with its counts for the given seconds.
 *
 * @typedef {object} LaneConfig
 * @property {object} model the model config; its task selects the program
 * @property {string} graph path of the ONNX file
 * @property {object} [signature] inputs and outputs of the graph, which the lane reads
 * @property {readonly string[]} [labels] of token classes
 * @property {'exact' | 'fast' | 'sharp'} [decode] of images
 * @property {number} [sharpThreads] threads of libvips; absent: its default
 * @property {number} [threads] of a model call; absent: onnxruntime's default
 * @property {number} batch rows that are decoded together, and rows per model call unless the program cuts them differently
 * @property {number} [tokensPerCall] of texts
 * @property {boolean} [ahead] decodes the next batch while one runs
 * @property {boolean} [singly] decodes and runs rows one by one
 * @property {boolean} [reload] loads the model for every batch
 * @property {number} [sorted] number of batches whose rows are sorted by length together; not with `ahead`
 * @property {number} [nice]
 */
import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
Reflect.deleteProperty(globalThis, 'Float16Array');
const { InferenceSession, Tensor } = await import('onnxruntime-node');
const { createProgram } = await import('./programs/program.js');

const channel = parentPort ?? process;
const send = (message) => (parentPort === null ? process.send(message) : parentPort.postMessage(message));
/** The last answers, which a caller would keep too. */
const kept = [];

channel.once('message', (message) => void serve(message));

async function serve({ config, rows, first, step }) {
  if (config.nice !== undefined && parentPort === null) setPriority(config.nice);
  const began = performance.now();
  let session = await load(config);
  const loadMs = performance.now() - began;
  const signature = { inputs: session.inputMetadata, outputs: session.outputMetadata };
  const program = await createProgram({ ...config, signature });
  // Each batch loads the model again, from the page cache.
  if (config.reload) await session.release();
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
    return Array.from({ length: config.batch }, (_, i) => rows[(from + i) % rows.length]);
  }

  /** Rows of similar length share a batch, so that it has little padding. */
  function takeSorted(count) {
    const taken = Array.from({ length: count }, takeNext).flat();
    taken.sort((a, b) => program.lengthOf(a) - program.lengthOf(b));
    return Array.from({ length: count }, (_, i) => taken.slice(i * config.batch, (i + 1) * config.batch));
  }

  async function measure(seconds) {
    const stages = { read: 0, decode: 0, prepare: 0, infer: 0, post: 0 };
    const start = performance.now();
    let done = 0;
    let coming = config.ahead ? begin(take(), stages) : null;
    // Ends only after the last batch of a sorted group, because rows get longer from batch to batch.
    while (performance.now() - start < seconds * 1000 || done === 0 || waiting.length > 0) {
      if (config.reload) session = await timed(stages, 'prepare', () => load(config));
      const begun = coming ?? begin(take(), stages);
      const decoded = config.singly
        ? null
        : await timed(stages, 'decode', () => Promise.all(begun.decoding()));
      coming = config.ahead ? begin(take(), stages) : null;
      if (decoded !== null) keep(await answer(decoded, stages), stages);
      else
        for (const one of begun.singly())
          keep(await answer([await timed(stages, 'decode', one)], stages), stages);
      done += config.batch;
      if (config.reload) await session.release();
    }
    return { rows: done, ms: performance.now() - start, stages };
  }

  /** Reads a batch. With `ahead`, decoding starts immediately. */
  function begin(batch, stages) {
    const read = () => batch.map((row) => timedNow(stages, 'read', () => program.read?.(row) ?? row));
    if (config.singly) return { singly: () => batch.map((row) => async () => decodeAlone(row)) };
    if (!config.ahead) return { decoding: () => read().map((row) => program.decode(row)) };
    const decoding = read().map((row) => timedNow(stages, 'decode', () => program.decode(row)));
    return { decoding: () => decoding };
  }

  async function decodeAlone(row) {
    return program.decode(program.read?.(row) ?? row);
  }

  async function answer(decoded, stages) {
    const call = async (feeds) => {
      const given = timedNow(stages, 'prepare', () => tensorsOf(feeds()));
      return timed(stages, 'infer', () => session.run(given));
    };
    if (program.run !== undefined) return program.run(decoded, call);
    const answers = Array(decoded.length);
    for (const positions of program.calls?.(decoded) ?? [decoded.map((_, i) => i)]) {
      const some = positions.map((at) => decoded[at]);
      const outputs = await call(() => program.feeds(some));
      const found = timedNow(stages, 'post', () => program.answers(outputs, some));
      for (const [i, at] of positions.entries()) answers[at] = found[i];
    }
    return answers;
  }

  function keep(answers, stages) {
    if (program.toLines === undefined) kept.push(...answers);
    else kept.push(timedNow(stages, 'post', () => program.toLines(answers)));
    if (kept.length > 10_000) kept.length = 0;
  }

  /** The answers of these rows, as JSON. */
  async function answerRows(asked) {
    const stages = { read: 0, decode: 0, prepare: 0, infer: 0, post: 0 };
    const answers = [];
    for (let from = 0; from < asked.length; from += config.batch) {
      const begun = begin(asked.slice(from, from + config.batch), stages);
      answers.push(...(await answer(await Promise.all(begun.decoding()), stages)));
    }
    return JSON.stringify(answers, (_, value) => (ArrayBuffer.isView(value) ? Array.from(value) : value));
  }

  // Warms up before the first figure.
  if (!config.reload) await measure(0);
  send({ type: 'ready', loadMs });
  channel.on('message', (message) => {
    if (message.type === 'end') process.exit(0);
    if (message.type === 'answer') {
      void answerRows(message.rows).then((answers) => send({ type: 'answered', answers }));
      return;
    }
    void measure(message.seconds).then((done) => send({ type: 'done', ...done }));
  });
}

function tensorsOf(feeds) {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]),
  );
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
