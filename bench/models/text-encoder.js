/**
 * Writes text encoders with the shape of BERT. Their weights are seeded random numbers, so loading and computing have realistic
 * costs, but the answers mean nothing.
 */
import { createGraph, FLOAT, INT64 } from './onnx-writer.js';
import { createWeights } from './seeded.js';

export const VOCABULARY = 30_522;
const POSITIONS = 512;
/** The same as in BERT's initialisation. */
const DEVIATION = 0.02;
/** Added to the scores of padding. */
const MASKED = -10_000;
/** Favours the first class of a token, as most tokens of a text are no entity. */
const FIRST_CLASS_BIAS = 0.5;

/** 109 million parameters. */
export const BERT_BASE = { name: 'bert-base', layers: 12, hidden: 768, heads: 12, inner: 3072 };
/** 23 million parameters. */
export const MINILM = { name: 'minilm', layers: 6, hidden: 384, heads: 12, inner: 1536 };

/**
 * `input_ids` i64[N,S], S <= 512 -> `pooled` f32[N,hidden]. With a head, there also is an `attention_mask` i64[N,S], and the
 * output is `logits`: f32[N,classes] of texts, or f32[N,S,classes] of tokens.
 * @param {string} path
 * @param {{ seed: number, name: string, layers: number, hidden: number, heads: number, inner: number,
 *   head?: { of: 'text' | 'tokens', classes: number } }} options
 */
export function writeTextEncoder(path, { seed, name, layers, hidden, heads, inner, head }) {
  const graph = createGraph(name);
  const { random, constant } = createWeights(seed);
  const { node, weight, ints, scalar } = graph;

  const affine = (input, from, to, bias) =>
    node('Add', [node('MatMul', [input, weight([from, to], random(DEVIATION))]), weight([to], bias)]);
  const dense = (input, from, to) => affine(input, from, to, constant(0));
  const normal = (input) =>
    node('LayerNormalization', [input, weight([hidden], constant(1)), weight([hidden], constant(0))], {
      axis: -1,
      epsilon: 1e-12,
    });
  const splitShape = ints([0, 0, heads, hidden / heads]);
  const joinShape = ints([0, 0, hidden]);
  const split = (input, perm) => node('Transpose', [node('Reshape', [input, splitShape])], { perm });

  /** 0 for tokens, and a large negative number for padding: [N,1,1,S]. */
  function createMask() {
    const ones = node('Cast', ['attention_mask'], { to: FLOAT });
    const padding = node('Mul', [node('Sub', [scalar(1), ones]), scalar(MASKED)]);
    return node('Unsqueeze', [padding, ints([1, 2])]);
  }

  const mask = head === undefined ? null : createMask();

  function attention(input) {
    const query = split(dense(input, hidden, hidden), [0, 2, 1, 3]);
    const key = split(dense(input, hidden, hidden), [0, 2, 3, 1]);
    const value = split(dense(input, hidden, hidden), [0, 2, 1, 3]);
    const scores = node('Div', [node('MatMul', [query, key]), scalar(Math.sqrt(hidden / heads))]);
    const masked = mask === null ? scores : node('Add', [scores, mask]);
    const mixed = node('MatMul', [node('Softmax', [masked], { axis: -1 }), value]);
    const joined = node('Reshape', [node('Transpose', [mixed], { perm: [0, 2, 1, 3] }), joinShape]);
    return dense(joined, hidden, hidden);
  }

  /** The form with erf, which exporters write and onnxruntime fuses. */
  function gelu(input) {
    const erf = node('Erf', [node('Div', [input, scalar(Math.SQRT2)])]);
    return node('Mul', [node('Mul', [input, node('Add', [erf, scalar(1)])]), scalar(0.5)]);
  }

  const words = node('Gather', [weight([VOCABULARY, hidden], random(DEVIATION)), 'input_ids']);
  const length = node('Slice', [node('Shape', ['input_ids']), ints([1]), ints([2])]);
  const places = weight([POSITIONS, hidden], random(DEVIATION));
  const positions = node('Slice', [places, ints([0]), length, ints([0])]);
  let x = normal(node('Add', [words, positions]));
  for (let layer = 0; layer < layers; layer++) {
    x = normal(node('Add', [x, attention(x)]));
    x = normal(node('Add', [x, dense(gelu(dense(x, hidden, inner)), inner, hidden)]));
  }
  const pooled = () => dense(node('Gather', [x, ints([0], [])], { axis: 1 }), hidden, hidden);
  const input = (of) => ({ name: of, type: INT64, dims: ['batch', 'tokens'] });
  if (head === undefined) {
    node('Tanh', [pooled()], {}, 'pooled');
    const output = { name: 'pooled', type: FLOAT, dims: ['batch', hidden] };
    graph.write(path, { inputs: [input('input_ids')], outputs: [output] });
    return;
  }
  const isText = head.of === 'text';
  const last = isText ? node('Tanh', [pooled()]) : x;
  const bias = (count) =>
    Float32Array.from({ length: count }, (_, i) => (!isText && i === 0 ? FIRST_CLASS_BIAS : 0));
  node('Identity', [affine(last, hidden, head.classes, bias)], {}, 'logits');
  graph.write(path, {
    inputs: [input('input_ids'), input('attention_mask')],
    outputs: [{ name: 'logits', type: FLOAT, dims: ['batch', ...(isText ? [] : ['tokens']), head.classes] }],
  });
}
