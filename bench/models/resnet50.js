/**
 * Writes a graph with the shape of ResNet-50 v1.5: 25.5 million parameters, 4.1 GFLOP per image. Batch norms are folded
 * into the convolutions, as exporters do. The weights are seeded random numbers, so the answers mean nothing.
 */
import { createGraph, FLOAT } from './onnx-writer.js';
import { createWeights } from './seeded.js';

/** Blocks and inner channels of each stage. */
const STAGES = [
  { blocks: 3, width: 64 },
  { blocks: 4, width: 128 },
  { blocks: 6, width: 256 },
  { blocks: 3, width: 512 },
];
const EXPANSION = 4;
const CLASSES = 1000;
/** Gain of the last convolution of a block. It keeps sums over 16 blocks small. */
const BRANCH_GAIN = 0.3;

/**
 * `input` f32[N,3,224,224] -> `output` f32[N,1000].
 * @param {string} path
 * @param {{ seed: number }} options
 */
export function writeResnet50(path, { seed }) {
  const graph = createGraph('resnet50');
  const { random, constant } = createWeights(seed);

  function conv(input, from, to, size, { stride = 1, gain = 1 } = {}) {
    const pad = (size - 1) / 2;
    // He et al. 2015: keeps the variance through convolution and ReLU.
    const kernel = graph.weight([to, from, size, size], random(gain * Math.sqrt(2 / (from * size * size))));
    return graph.node('Conv', [input, kernel, graph.weight([to], constant(0))], {
      kernel_shape: [size, size],
      strides: [stride, stride],
      pads: [pad, pad, pad, pad],
    });
  }
  const relu = (input) => graph.node('Relu', [input]);

  let x = relu(conv('input', 3, 64, 7, { stride: 2 }));
  x = graph.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = 64;
  for (const [stage, { blocks, width }] of STAGES.entries()) {
    for (let block = 0; block < blocks; block++) {
      const stride = stage > 0 && block === 0 ? 2 : 1;
      const out = width * EXPANSION;
      let y = relu(conv(x, channels, width, 1));
      y = relu(conv(y, width, width, 3, { stride }));
      y = conv(y, width, out, 1, { gain: BRANCH_GAIN });
      const past = block === 0 ? conv(x, channels, out, 1, { stride, gain: Math.SQRT1_2 }) : x;
      x = relu(graph.node('Add', [y, past]));
      channels = out;
    }
  }
  x = graph.node('Flatten', [graph.node('GlobalAveragePool', [x])], { axis: 1 });
  const matrix = graph.weight([CLASSES, channels], random(Math.sqrt(1 / channels)));
  graph.node('Gemm', [x, matrix, graph.weight([CLASSES], constant(0))], { transB: 1 }, 'output');
  graph.write(path, {
    inputs: [{ name: 'input', type: FLOAT, dims: ['batch', 3, 224, 224] }],
    outputs: [{ name: 'output', type: FLOAT, dims: ['batch', CLASSES] }],
  });
}
