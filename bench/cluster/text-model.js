/**
 * Loads the text encoder of a lane. The file of a row holds the number of its text ("row 17"). The answer is that
 * text's embedding. Each batch is sorted by length and split into calls, so that the rows of a call need little
 * padding.
 */
import { packOutcomes } from '../../dist/shared/domain/outcomes.js';
import { textInputs } from '../inprocess/text-inputs.js';

/**
 * @param {{ dir: string, threads: number }} request
 * @param {{ tokens: { from: number, to: number }, callRows: number, createSession: Function, rowBytes: object }} parts
 * @returns {Promise<import('../../src/workers/lane/executor.ts').Executor>}
 */
export async function loadTextModel({ dir, threads }, { tokens, callRows, createSession, rowBytes }) {
  const began = performance.now();
  const session = await createSession({ path: `${dir}/model.onnx`, threads, providers: ['cpu'] });
  const [input] = session.inputs;
  const [output] = session.outputs;
  const inputs = textInputs({ tokens });
  const info = {
    inputs: [input],
    outputs: [output],
    fixedBatch: null,
    notes: [],
    loadMs: performance.now() - began,
    batchInvariance: null,
    memory: null,
  };

  function open(rows) {
    /** Token ids by position. */
    const texts = Array(rows);
    return {
      async prepare(at, row) {
        await rowBytes.use(row, async (bytes) => {
          texts[at] = inputs.decode(/\d+/.exec(Buffer.from(bytes).toString())[0]);
        });
        return null;
      },
      async run(rows) {
        const timings = { prepareMs: 0, inferMs: 0, postMs: 0 };
        const outcomes = Array(rows.length);
        const order = rows
          .map((row, at) => ({ at, text: texts[row] }))
          .toSorted((a, b) => a.text.length - b.text.length);
        for (let from = 0; from < order.length; from += callRows) {
          const some = order.slice(from, from + callRows);
          const start = performance.now();
          const { data, dims } = inputs.feeds(some.map(({ text }) => text));
          const filled = performance.now();
          const feeds = { [input.name]: { type: input.type, dims, data } };
          const found = (await session.run(feeds, [output.name]))[output.name];
          const inferred = performance.now();
          const width = found.dims[1];
          for (const [i, { at }] of some.entries()) {
            const embedding = Array.from(found.data.subarray(i * width, (i + 1) * width));
            outcomes[at] = { ok: true, result: `"embedding":${JSON.stringify(embedding)}` };
          }
          timings.prepareMs += filled - start;
          timings.inferMs += inferred - filled;
          timings.postMs += performance.now() - inferred;
        }
        return { outcomes: packOutcomes(outcomes), timings };
      },
    };
  }

  return { info, open, changedFile: () => null, release: async () => session.release() };
}
