/**
 * Writes a text encoder with the shape of BERT-base: 12 layers, hidden size 768, 12 heads, 109 million parameters. Its
 * weights are seeded random numbers, so loading and computing have realistic costs, but the answers mean nothing.
 */
import { createGraph, FLOAT, INT64 } from './onnx-writer.js';
import { createWeights } from './seeded.js';

const LAYERS = 12;
const HIDDEN = 768;
const HEADS = 12;
const INNER = 3072;
export const VOCABULARY = 30_522;
const POSITIONS = 512;
/** The same as in BERT's initialisation. */
const DEVIATION = 0.02;

/**
 * `input_ids` i64[N,S], S <= 512 -> `pooled` f32[N,768].
 * @param {string} path
 * @param {{ seed: number }} options
 */
export function writeBertBase(path, { seed }) {
  const graph = createGraph('bert-base');
  const { random, constant } = createWeights(seed);
  const { node, weight, ints, scalar } = graph;

  const dense = (input, from, to) =>
    node('Add', [node('MatMul', [input, weight([from, to], random(DEVIATION))]), weight([to], constant(0))]);
  const normal = (input) =>
    node('LayerNormalization', [input, weight([HIDDEN], constant(1)), weight([HIDDEN], constant(0))], {
      axis: -1,
      epsilon: 1e-12,
    });
  const splitShape = ints([0, 0, HEADS, HIDDEN / HEADS]);
  const joinShape = ints([0, 0, HIDDEN]);
  const split = (input, perm) => node('Transpose', [node('Reshape', [input, splitShape])], { perm });

  function attention(input) {
    const query = split(dense(input, HIDDEN, HIDDEN), [0, 2, 1, 3]);
    const key = split(dense(input, HIDDEN, HIDDEN), [0, 2, 3, 1]);
    const value = split(dense(input, HIDDEN, HIDDEN), [0, 2, 1, 3]);
    const scores = node('Div', [node('MatMul', [query, key]), scalar(Math.sqrt(HIDDEN / HEADS))]);
    const mixed = node('MatMul', [node('Softmax', [scores], { axis: -1 }), value]);
    const joined = node('Reshape', [node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), joinShape]);
    return dense(joined, HIDDEN, HIDDEN);
  }

  /** The form with erf, which exporters write and onnxruntime fuses. */
  function gelu(input) {
    const erf = node('Erf', [node('Div', [input, scalar(Math.SQRT2)])]);
    return node('Mul', [node('Mul', [input, node('Add', [erf, scalar(1)])]), scalar(0.5)]);
  }

  const words = node('Gather', [weight([VOCABULARY, HIDDEN], random(DEVIATION)), 'input_ids']);
  const length = node('Slice', [node('Shape', ['input_ids']), ints([1]), ints([2])]);
  const places = weight([POSITIONS, HIDDEN], random(DEVIATION));
  const positions = node('Slice', [places, ints([0]), length, ints([0])]);
  let x = normal(node('Add', [words, positions]));
  for (let layer = 0; layer < LAYERS; layer++) {
    x = normal(node('Add', [x, attention(x)]));
    x = normal(node('Add', [x, dense(gelu(dense(x, HIDDEN, INNER)), INNER, HIDDEN)]));
  }
  const first = node('Gather', [x, ints([0], [])], { axis: 1 });
  node('Tanh', [dense(first, HIDDEN, HIDDEN)], {}, 'pooled');
  graph.write(path, {
    inputs: [{ name: 'input_ids', type: INT64, dims: ['batch', 'tokens'] }],
    outputs: [{ name: 'pooled', type: FLOAT, dims: ['batch', HIDDEN] }],
  });
}
