/** A first contract from what a graph says of itself. Pure; every guess comes with its reason. */
import type { GraphTensor } from '../shared/models/graph-tensor.ts';
import type { GraphFace } from '../shared/models/onnx-graph.ts';
import { ForebayError } from '../shared/errors.ts';

export interface ContractGuess {
  /** For model.json, fields in the order a reader wants them. */
  readonly contract: Readonly<Record<string, unknown>>;
  /** Read from the graph: certain. */
  readonly facts: readonly string[];
  /** Not in the graph: to be checked against the model's source. */
  readonly guesses: readonly string[];
}

const USUAL_SIDE = 224;
/** ImageNet evaluation resizes to crop / 0.875; thumbnails are fed whole. */
const USUAL_RATIO = 0.875;
const THUMBNAIL = 64;
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Throws ForebayError `contract_mismatch` where the graph is no image classifier. */
export function guessContract(
  face: GraphFace,
  name: string,
  labels: readonly string[] | null,
): ContractGuess {
  const input = onlyImageInput(face);
  const output = face.outputs.find((o) => isScores(o)) ?? refuse(face);
  const facts = [`input   ${describe(input)}`, `output  ${describe(output)}`, batchFact(input)];
  const guesses: string[] = [];

  const crop = sideOf(input) ?? USUAL_SIDE;
  if (sideOf(input) === null) {
    guesses.push(`preprocess.crop ${crop}: the graph takes any size; use the size it was trained with`);
  }
  const resize = crop <= THUMBNAIL ? crop : Math.round(crop / USUAL_RATIO);
  guesses.push(
    `preprocess.resize ${resize}: the shorter side before the ${crop} x ${crop} centre crop (usual: crop / 0.875)`,
    'preprocess.interpolation "bilinear": torchvision\'s default; timm and many newer models use "bicubic"',
    'preprocess.color_order "rgb": Caffe and OpenCV models take "bgr", and their mean in that order',
  );
  const normalising = input.type === 'uint8' ? RAW : { rescale: 1 / 255, ...IMAGENET };
  guesses.push(
    input.type === 'uint8'
      ? 'preprocess.rescale 1, mean [0], std [1]: the graph takes raw pixels'
      : 'preprocess.rescale, mean, std: (pixel / 255 - mean) / std with the ImageNet constants',
  );
  const ending = hasSoftmax(face, output);
  guesses.push(
    ending
      ? 'softmax false: the graph ends in a softmax or sigmoid already'
      : 'softmax true: the graph ends without one, so its outputs are taken for logits',
  );
  const classes = output.shape[1];
  const hasLabels = labels !== null && (typeof classes !== 'number' || labels.length === classes);
  guesses.push(
    hasLabels
      ? `labels "labels.txt": found beside the graph, ${labels.length} names`
      : `labels: none; put ${typeof classes === 'number' ? classes : 'the'} class names, one a line, into labels.txt and add "labels": "labels.txt"`,
  );
  const contract = {
    name,
    task: 'image-classification',
    preprocess: { resize, crop, interpolation: 'bilinear', color_order: 'rgb', ...normalising },
    ...(hasLabels ? { labels: 'labels.txt' } : {}),
    softmax: !ending,
    top_k: typeof classes === 'number' ? Math.min(5, classes) : 5,
    batching: { batch_size: 'auto', max_wait_ms: 50 },
  };
  return { contract, facts, guesses };
}

const RAW = { rescale: 1, mean: [0], std: [1] };

/** A model name out of a file's: lower case, what is not allowed becomes "-". */
export function modelNameFrom(text: string): string {
  const name = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 64);
  return name === '' ? 'model' : name;
}

function onlyImageInput(face: GraphFace): GraphTensor {
  const [input] = face.inputs;
  if (input === undefined || face.inputs.length !== 1 || input.shape.length !== 4) return refuse(face);
  if (input.shape[1] !== 3 && input.shape[3] !== 3 && input.shape[1] !== '') return refuse(face);
  return input;
}

function refuse(face: GraphFace): never {
  const list = (values: readonly GraphTensor[]) => values.map(describe).join(', ') || 'none';
  throw new ForebayError(
    'contract_mismatch',
    `only image classifiers are supported so far: one input [batch, 3, height, width] and an output [batch, classes]; this graph has inputs ${list(face.inputs)} and outputs ${list(face.outputs)}`,
  );
}

function isScores({ type, shape }: GraphTensor): boolean {
  return type.startsWith('float') && shape.length >= 2 && shape.slice(2).every((d) => d === 1);
}

function sideOf({ shape }: GraphTensor): number | null {
  const [height, width] = shape[3] === 3 && shape[1] !== 3 ? [shape[1], shape[2]] : [shape[2], shape[3]];
  return typeof height === 'number' && height === width ? height : null;
}

function batchFact({ shape }: GraphTensor): string {
  return typeof shape[0] === 'number'
    ? `batch   fixed at ${shape[0]}: smaller batches are filled up, larger ones split`
    : 'batch   any size';
}

const PASSES_ON = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Identity', 'Cast', 'Dropout']);

/** Back from the output over operators that only reshape. */
function hasSoftmax(face: GraphFace, output: GraphTensor): boolean {
  let operator = face.operators.get(output.name);
  while (operator !== undefined && PASSES_ON.has(operator.type)) {
    operator = face.operators.get(operator.inputs[0] ?? '');
  }
  return operator !== undefined && ['Softmax', 'Sigmoid'].includes(operator.type);
}

function describe({ name, type, shape }: GraphTensor): string {
  return `"${name}" ${type}[${shape.map((d) => (d === '' ? '?' : d)).join(', ')}]`;
}
