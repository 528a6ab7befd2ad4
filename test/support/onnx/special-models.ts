// Models that fail, block, take much memory, or give a row an answer that depends on other data.
import { elementNumber, type Dim, type Graph, type Operator, type Weights } from './graph.ts';
import { floats, ints, meanModel, scoresOutput, step } from './mean-model.ts';

/** A complete file with a graph that no runtime can run, because its operator does not exist. */
export function brokenModel(side: number): Buffer {
  return meanModel(side, [step('Nonsense', ['mean'], 'scores')]);
}

/** Throws inside `run` for every batch with an image whose mean is 0.5 or more. Otherwise class 0 wins. */
export function darkOnlyModel(side: number): Buffer {
  return meanModel(side, [
    step('Mul', ['mean', 'two'], 'doubled'),
    step('Cast', ['doubled'], 'index', { to: elementNumber('int64') }),
    step('Gather', ['table', 'index'], 'scores', { axis: 0 }),
  ]);
}

/** Scores are the logarithm of the mean, so -Infinity for a black image. If `plain` is 1, the last score is the mean. */
export function logarithmModel(side: number, plain: 0 | 1 = 0): Buffer {
  return meanModel(side, [
    step('Log', ['mean'], 'log'),
    step('Reshape', ['log', 'column'], 'logs'),
    step('Reshape', ['mean', 'column'], 'means'),
    step('Concat', ['logs', plain === 1 ? 'means' : 'logs'], 'scores', { axis: 1 }),
  ]);
}

/** Scores are the mean's distance from the mean of the whole batch, so every answer depends on the batch. */
export function batchMeanModel(side: number, batch: Dim = 'N'): Buffer {
  return meanModel(
    side,
    [
      step('ReduceMean', ['mean'], 'level', { axes: [0], keepdims: 1 }),
      step('Sub', ['mean', 'level'], 'distance'),
      step('Reshape', ['distance', 'column'], 'distances'),
      step('Reshape', ['mean', 'column'], 'means'),
      step('Concat', ['distances', 'means'], 'scores', { axis: 1 }),
    ],
    { batch },
  );
}

/** Multiplies two matrices of 256 x 256 for each pair of rows, so a row takes longer in a larger call. */
export function pairsModel(side: number): Buffer {
  return meanModel(
    side,
    [
      step('Reshape', ['mean', 'down'], 'rows'),
      step('Reshape', ['mean', 'across'], 'others'),
      step('Add', ['rows', 'others'], 'pairs'),
      step('Expand', ['pairs', 'matrix'], 'matrices'),
      step('MatMul', ['matrices', 'matrices'], 'products'),
      step('ReduceMean', ['products'], 'sums', { axes: [1, 2, 3], keepdims: 0 }),
      step('Reshape', ['sums', 'column'], 'first'),
      step('Reshape', ['mean', 'column'], 'second'),
      step('Concat', ['first', 'second'], 'scores', { axis: 1 }),
    ],
    {
      weights: [ints('down', [-1, 1, 1, 1]), ints('across', [1, -1, 1, 1]), ints('matrix', [1, 1, 256, 256])],
    },
  );
}

/** Blocks inside `run` for `products` multiplications of 2048 x 2048 matrices (17 GFLOP and about 0.2 s each). */
export function slowModel(side: number, products: number): Buffer {
  return meanModel(side, [
    step('ReduceMean', ['mean'], 'level', { axes: [0], keepdims: 1 }),
    ...slowSteps('level', products),
  ]);
}

/** Like slowModel, but with constants only, so onnxruntime computes everything when the session is created. */
export function slowToOpenModel(side: number, products: number): Buffer {
  return meanModel(side, slowSteps('two', products));
}

/** Repeatedly multiplies a matrix filled with `value`, and adds the result to each row's mean. */
function slowSteps(value: string, products: number): Operator[] {
  const multiply = (_: unknown, i: number) => [
    step('MatMul', [i === 0 ? 'matrix' : `m${i - 1}`, 'matrix'], `p${i}`),
    step('Tanh', [`p${i}`], `m${i}`),
  ];
  return [
    step('Expand', [value, 'square'], 'matrix'),
    ...Array.from({ length: products }, multiply).flat(),
    step('ReduceMean', [`m${products - 1}`], 'all', { axes: [0, 1], keepdims: 1 }),
    step('Reshape', ['mean', 'column'], 'rows'),
    step('Add', ['rows', 'all'], 'sums'),
    step('Concat', ['sums', 'rows'], 'scores', { axis: 1 }),
  ];
}

/**
 * Never ends, because it runs an empty loop of 2^53 iterations. `when` says whether every image starts the loop, or
 * only an image that is not black. A lane's first run uses a black image.
 */
export function endlessModel(side: number, when: 'always' | 'not black'): Buffer {
  const turns = [
    step('ReduceMax', ['mean'], 'level', { axes: [0], keepdims: 0 }),
    step('Mul', ['level', 'huge'], 'many'),
    step('Cast', ['many'], 'turns', { to: elementNumber('int64') }),
  ];
  const loop: Graph = {
    inputs: [
      { name: 'turn', type: 'int64', shape: [] },
      { name: 'go_on', type: 'bool', shape: [] },
      { name: 'before', type: 'float32', shape: ['N'] },
    ],
    outputs: [
      { name: 'still', type: 'bool', shape: [] },
      { name: 'after', type: 'float32', shape: ['N'] },
    ],
    operators: [step('Identity', ['go_on'], 'still'), step('Identity', ['before'], 'after')],
    weights: [],
  };
  const operators = [
    ...(when === 'always' ? [] : turns),
    step('Loop', [when === 'always' ? 'endless' : 'turns', '', 'mean'], 'end', { body: { graph: loop } }),
    step('Reshape', ['end', 'column'], 'rows'),
    step('Concat', ['rows', 'rows'], 'scores', { axis: 1 }),
  ];
  const endless: Weights = { name: 'endless', type: 'int64', shape: [], data: [2 ** 53] };
  return meanModel(side, operators, { weights: [endless, floats('huge', [], [2 ** 53])] });
}

/**
 * The file weights.bin holds three weights per row, one for each class (2^20 rows of float32, 12 MiB). The class with
 * the largest weights has the highest score. Each run averages the weights again, from the current content of the
 * mapped file.
 */
export function externalWeightsModel(side: number): Buffer {
  const data = Array.from({ length: 3 * 2 ** 20 }, () => 0);
  const beside: Weights = { ...floats('beside', [2 ** 20, 3], data), location: 'weights.bin' };
  return meanModel(
    side,
    [
      step('ReduceMean', ['mean'], 'level', { axes: [0], keepdims: 0 }),
      step('Add', ['beside', 'level'], 'lifted'),
      step('ReduceMean', ['lifted'], 'classes', { axes: [0], keepdims: 1 }),
      step('Reshape', ['mean', 'column'], 'rows'),
      step('Add', ['classes', 'rows'], 'scores'),
    ],
    { outputs: [scoresOutput(3)], weights: [beside] },
  );
}

/** Needs this many megabytes per row while it runs. Both scores are the mean. */
export function hungryModel(side: number, megabytesPerRow: number): Buffer {
  return meanModel(
    side,
    [
      step('Reshape', ['mean', 'column'], 'means'),
      step('Expand', ['means', 'wide'], 'wider'),
      step('ReduceMax', ['wider'], 'score', { axes: [1], keepdims: 1 }),
      step('Concat', ['score', 'score'], 'scores', { axis: 1 }),
    ],
    { weights: [ints('wide', [1, (megabytesPerRow * 2 ** 20) / 4])] },
  );
}
