// Guesses a config as `model init` does, from a graph and the files beside it. Does not load the model.
import { readGraphFace } from '#forebay/shared/models/onnx-graph.js';
import { chooseGuesser } from '#forebay/workers/model-init/guess/choose-guesser.js';
import type { Beside, Hints } from '#forebay/workers/model-init/hints.js';
import { writeOnnx, type Dim, type Value } from './onnx/graph.ts';
import { step } from './onnx/mean-model.ts';
import { tensor } from './onnx/tabular-models.ts';

/** For a graph without files beside it. */
export const NOTHING: Beside = {
  preprocess: {},
  activation: null,
  architecture: null,
  hasProcessor: false,
  text: null,
  sound: null,
};

const NO_HINTS: Hints = {
  outputNames: [],
  columns: undefined,
  values: new Map(),
  shapes: new Map(),
  batchAxes: new Map(),
  activation: undefined,
  crop: undefined,
  resize: undefined,
  pooling: undefined,
  maxLength: undefined,
  head: undefined,
  sampleRate: undefined,
  labels: null,
  beside: NOTHING,
};

export interface Given {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Types of the graph's operators. */
  readonly operators?: readonly string[];
  readonly metadata?: Readonly<Record<string, string>>;
  readonly hints?: Partial<Hints>;
  readonly beside?: Partial<Beside>;
}

/** Returns the config, and the facts and guesses that `model init` would print about it. */
export function guessed({ inputs, outputs, operators = [], metadata = {}, hints = {}, beside = {} }: Given) {
  const operatorsOf = operators.map((type) => step(type, ['x'], outputs[0]!.name));
  const face = readGraphFace(
    writeOnnx({ inputs, outputs, operators: operatorsOf, weights: [] }, { metadata }),
  );
  const known = { ...NO_HINTS, ...hints, beside: { ...NOTHING, ...beside } };
  const chosen = chooseGuesser(face, undefined, known);
  const { config, facts, guesses } = chosen.guesser.guess(face, 'm', known);
  return { config, said: [...chosen.facts, ...chosen.guesses, ...facts, ...guesses].join('\n') };
}

export const floats = (name: string, ...shape: Dim[]) => tensor(name, 'float32', ...shape);
/** Hints with a list of `count` class names. */
export const labels = (count: number) => ({
  labels: { names: Array.from({ length: count }, (_, i) => `c${i}`), source: 'labels.txt' },
});
