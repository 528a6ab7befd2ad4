/**
 * A first config from what a graph says of itself and what was found beside it. Each value comes with its source;
 * where a guess would be served as something that it is not, the missing flag is asked for. Pure.
 */
import type { Activation, Preprocess } from '../../shared/domain/model-config.ts';
import { ForebayError } from '../../shared/errors.ts';
import { isImageNet, isNamedAsOther, possibleOutputs } from '../../shared/models/class-scores.ts';
import {
  classesOf,
  describeAll,
  describeTensor,
  imageDims,
  layoutOf,
  type GraphTensor,
} from '../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../shared/models/onnx-graph.ts';

/** What the user said, and what lies beside the graph. */
export interface Hints {
  readonly outputName: string | undefined;
  readonly activation: Activation | undefined;
  readonly crop: number | undefined;
  readonly labels: { readonly names: readonly string[]; readonly source: string } | null;
  readonly beside: { readonly preprocess: Partial<Preprocess>; readonly activation: Activation | null };
}

export interface ConfigGuess {
  /** For model.json, fields in the order a reader wants them. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Read from the graph, or said: certain. */
  readonly facts: readonly string[];
  /** Not in the graph: to be checked against the model's source. */
  readonly guesses: readonly string[];
}

const USUAL_SIDE = 224;
/** ImageNet evaluation resizes to crop / 0.875; thumbnails are fed whole. */
const USUAL_RATIO = 0.875;
const THUMBNAIL = 64;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Throws ForebayError `config_mismatch` where the graph is no image classifier, or a flag has to say how it is one. */
export function guessConfig(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const input = onlyImageInput(face);
  const output = chosenOutput(face, hints);
  const layout = layoutOf(input.shape);
  const facts = [
    `input   ${describeTensor(input)}`,
    `output  ${describeTensor(output)}`,
    batchFact(input),
    ...(layout === 'nhwc' ? ['layout  channels last (NHWC)'] : []),
  ];
  const guesses: string[] = [];
  const preprocess = guessPreprocess(input, hints, guesses);
  const classes = classesOf(output.shape);
  const labels = fittingLabels(hints, classes, guesses);
  const activation = chooseActivation(face, output, labels !== null, hints);
  guesses.push(...activation.guesses);
  facts.push(...activation.facts);
  const config = {
    name,
    task: 'image-classification',
    preprocess,
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    activation: activation.value,
    top_k: Math.min(5, classes === 1 ? (labels?.length ?? 1) : (classes ?? 5)),
    batching: { batch_size: 'auto', max_wait_ms: 50 },
  };
  return { config, facts, guesses };
}

function guessPreprocess(
  input: GraphTensor,
  { crop: wanted, beside: { preprocess: beside } }: Hints,
  guesses: string[],
): Partial<Preprocess> {
  const side = sideOf(input);
  const crop = side ?? wanted ?? beside.crop ?? USUAL_SIDE;
  for (const [what, value] of [
    ['--crop', wanted],
    ['preprocessor_config.json', beside.crop],
  ] as const) {
    if (value !== undefined && value !== crop) {
      guesses.push(`preprocess.crop ${crop}: ${what} says ${value}, which does not count`);
    }
  }
  const isKnown = side !== null || wanted !== undefined || beside.crop !== undefined;
  if (!isKnown) {
    guesses.push(
      `preprocess.crop ${crop}: the graph takes any size; --crop sets the one it was trained with`,
    );
  }
  const isConfigs = beside.crop === crop;
  const resize = isConfigs ? beside.resize : crop <= THUMBNAIL ? crop : Math.round(crop / USUAL_RATIO);
  if (!isConfigs) {
    guesses.push(
      `preprocess.resize ${resize}: the shorter side before the ${crop} x ${crop} centre crop (usual: crop / 0.875)`,
    );
  }
  if (beside.interpolation === undefined) {
    guesses.push(
      'preprocess.interpolation "bilinear": torchvision\'s default; timm and many newer models use "bicubic"',
    );
  }
  if (beside.color_order === undefined) {
    guesses.push(
      'preprocess.color_order "rgb": Caffe and OpenCV models take "bgr", and their mean in that order',
    );
  }
  const isRaw = input.type === 'uint8';
  if (isRaw) guesses.push('preprocess.rescale 1, mean [0], std [1]: the graph takes raw pixels');
  const usual = { rescale: 1 / 255, ...IMAGENET };
  const given = { rescale: beside.rescale, mean: beside.mean, std: beside.std };
  if (!isRaw && given.mean === undefined) {
    guesses.push('preprocess.mean, std: the ImageNet constants');
  }
  if (!isRaw && given.rescale === undefined) guesses.push('preprocess.rescale 1/255: pixels from 0 to 1');
  return {
    ...(resize === undefined ? {} : { resize }),
    crop,
    interpolation: beside.interpolation ?? 'bilinear',
    color_order: beside.color_order ?? 'rgb',
    ...(isRaw
      ? { rescale: 1, mean: [0], std: [1] }
      : {
          rescale: given.rescale ?? usual.rescale,
          mean: given.mean ?? usual.mean,
          std: given.std ?? usual.std,
        }),
  };
}

function onlyImageInput(face: GraphFace): GraphTensor {
  const [input] = face.inputs;
  if (input === undefined || face.inputs.length !== 1 || input.shape.length !== 4) return refuse(face);
  const [channels, height, width] = imageDims(input.shape);
  if (typeof channels === 'number' && channels !== 3) {
    throw mismatch(
      `images are fed with 3 channels so far, but the graph's input is ${describeTensor(input)}`,
    );
  }
  if (typeof height === 'number' && typeof width === 'number' && height !== width) {
    throw mismatch(
      `images are fed as squares only so far, but the graph's input is ${describeTensor(input)}: export the model for a square input, or with a free height and width`,
    );
  }
  return input;
}

function chosenOutput(face: GraphFace, hints: Hints): GraphTensor {
  const labels = hints.labels?.names ?? null;
  const [first, ...others] = possibleOutputs({ output: hints.outputName }, labels, face.outputs);
  if (others.length === 0) return first!;
  throw mismatch(
    `the graph has several outputs that could be class scores: ${describeAll([first!, ...others])}; say which with --output-name, such as --output-name ${first!.name}`,
  );
}

function fittingLabels(
  { labels }: Hints,
  classes: number | null,
  guesses: string[],
): readonly string[] | null {
  const count = classes ?? 'the';
  if (labels === null) {
    guesses.push(
      `labels: none; put ${count} class names, one per line, into labels.txt and add "labels": "labels.txt"`,
    );
    return null;
  }
  const { names, source } = labels;
  if (classes === null || names.length === classes || (classes === 1 && names.length === 2)) return names;
  guesses.push(`labels: none; ${source} has ${names.length} names, and the output ${count} classes`);
  return null;
}

interface ChosenActivation {
  readonly value: Activation;
  readonly facts: readonly string[];
  readonly guesses: readonly string[];
}

function chooseActivation(
  face: GraphFace,
  output: GraphTensor,
  hasLabels: boolean,
  { activation: wanted, beside }: Hints,
): ChosenActivation {
  const fact = (value: Activation, why: string) => ({
    value,
    facts: [`activation "${value}": ${why}`],
    guesses: [],
  });
  const classes = classesOf(output.shape);
  if (wanted === 'softmax' && classes === 1) throw askForActivation(output, 'softmax makes every score 1');
  if (wanted !== undefined) return fact(wanted, '--activation says so');
  if (isNamedAsOther(output) && !hasLabels) throw askForActivation(output, 'its name says something else');
  const ending = endOf(face, output);
  if (ending !== null && !(ending === 'Softmax' && classes === 1)) {
    return fact('none', `the graph ends in ${ending} already`);
  }
  if (classes === 1) throw askForActivation(output, 'it is one number per row');
  // Said in config.json, whose reader lists it.
  if (beside.activation !== null) return { value: beside.activation, facts: [], guesses: [] };
  const isScores =
    hasLabels || (classes !== null && isImageNet(classes)) || /logit|score|class/i.test(output.name);
  if (!isScores) throw askForActivation(output, 'it may be an embedding');
  const guess = 'activation "softmax": the graph ends without one, so its outputs are taken for logits';
  return { value: 'softmax', facts: [], guesses: [guess] };
}

function askForActivation(output: GraphTensor, why: string): ForebayError {
  const single = classesOf(output.shape) === 1;
  const meanings = single
    ? '--activation sigmoid if it is a logit, none if it is a score from 0 to 1 already'
    : '--activation softmax if they are logits, sigmoid if they are logits that count each for itself, none if they are scores already';
  const labels = single ? '' : ', or put labels.txt, one class name per line, beside the graph';
  return mismatch(
    `nothing says that the output ${describeTensor(output)} holds class scores (${why}); if it does, say ${meanings}${labels}. Embeddings and regression are not supported yet`,
  );
}

function refuse(face: GraphFace): never {
  throw mismatch(
    `only image classifiers are supported so far: one input [batch, 3, height, width] and an output [batch, classes]; this graph has inputs ${describeAll(face.inputs)} and outputs ${describeAll(face.outputs)}`,
  );
}

function mismatch(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}

function sideOf({ shape }: GraphTensor): number | null {
  const [, height, width] = imageDims(shape);
  const fixed = [height, width].find((side) => typeof side === 'number');
  return typeof fixed === 'number' ? fixed : null;
}

function batchFact({ shape }: GraphTensor): string {
  return typeof shape[0] === 'number'
    ? `batch   fixed at ${shape[0]}: smaller batches are filled up, larger ones split`
    : 'batch   any size';
}

const PASSES_ON = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast', 'Dropout']);

/** Softmax or Sigmoid where the output is theirs, found back over operators that only reshape. */
function endOf(face: GraphFace, output: GraphTensor): string | null {
  let operator = face.operators.get(output.name);
  while (operator !== undefined && PASSES_ON.has(operator.type)) {
    operator = face.operators.get(operator.inputs[0] ?? '');
  }
  return operator !== undefined && ['Softmax', 'Sigmoid'].includes(operator.type) ? operator.type : null;
}
