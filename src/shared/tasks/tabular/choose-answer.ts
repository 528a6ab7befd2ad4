/**
 * Decides which outputs of a graph are the answer, and what they mean. In case of doubt it refuses, and names the field
 * of model.json that decides. Otherwise wrong numbers would look right. Pure.
 */
import { ForebayError } from '../../errors.ts';
import {
  describeAll,
  describeTensor,
  flattened,
  isFloat,
  type GraphTensor,
} from '../../models/graph-tensor.ts';
import type { TabularConfig } from '../tabular.ts';
import { mismatch, noSuchTensor } from '../../models/mismatch.ts';

export type Answer =
  /** `label`: the output with the name of the predicted class, if there is one. */
  | { readonly is: 'classes'; readonly scores: GraphTensor; readonly label: GraphTensor | null }
  | { readonly is: 'value'; readonly output: GraphTensor }
  | { readonly is: 'outputs'; readonly outputs: readonly GraphTensor[] };

/** `names`: of the classes, if model.json gives them. Throws ForebayError `config_mismatch`. */
export function chooseAnswer(
  config: Pick<TabularConfig, 'output' | 'activation'>,
  names: readonly string[] | null,
  outputs: readonly GraphTensor[],
): Answer {
  const { output, activation } = config;
  if (typeof output === 'object') {
    return { is: 'outputs', outputs: output.map((name) => namedOutput(name, outputs)) };
  }
  const saysClasses = names !== null || activation !== undefined;
  const found = output === undefined ? onlyOutput(names, saysClasses, outputs) : namedOutput(output, outputs);
  if (!isNumbers(found)) return { is: 'outputs', outputs: [found] };
  const isOne = widthOf(found) === 1;
  if (isOne && !saysClasses) return { is: 'value', output: found };
  const labels = outputs.filter((one) => isLabel(one));
  return { is: 'classes', scores: found, label: labels.length === 1 && !isOne ? labels[0]! : null };
}

/** Values per row of an output [batch] or [batch, values]. Null if only a run shows it. */
export function widthOf({ shape }: Pick<GraphTensor, 'shape'>): number | null {
  const [, width = 1] = flattened(shape);
  return typeof width === 'number' && shape.length > 0 ? width : null;
}

function onlyOutput(
  names: readonly string[] | null,
  saysClasses: boolean,
  outputs: readonly GraphTensor[],
): GraphTensor {
  const unreadable = outputs.filter((output) => !isTensor(output));
  if (unreadable.length > 0) throw zipMap(unreadable, outputs);
  const possible = outputs.filter(isNumbers);
  const fitting = names === null ? [] : possible.filter((output) => widthOf(output) === names.length);
  const candidates = fitting.length === 1 ? fitting : possible;
  const [first] = candidates;
  const [only, ...others] = outputs;
  // A single number next to other outputs may be the score of those outputs, as in outlier detectors.
  const isClear = others.length === 0 || saysClasses || (first !== undefined && widthOf(first) !== 1);
  if (candidates.length === 1 && isClear) return first!;
  if (only !== undefined && others.length === 0 && isPerRow(only)) return only;
  const named = (first ?? only)?.name ?? 'label';
  const all = outputs.filter(isPerRow).map(({ name }) => `"${name}"`);
  throw mismatch(
    'nothing says which output is the answer',
    `the graph has ${describeAll(outputs)}`,
    `name one in model.json, such as "output": "${named}", or several, such as "output": [${all.join(', ')}], to get them as they are`,
  );
}

function namedOutput(name: string, outputs: readonly GraphTensor[]): GraphTensor {
  const found = outputs.find((output) => output.name === name);
  if (found === undefined) throw noSuchTensor(`model.json names the output "${name}"`, name, outputs);
  if (!isTensor(found)) throw zipMap([found], outputs);
  if (isPerRow(found)) return found;
  throw mismatch(
    'an answer has the shape [batch] or [batch, numbers]',
    `the graph's output is ${describeTensor(found)}`,
    'use the task "tensors"',
  );
}

/** skl2onnx ends a classifier in ZipMap unless it is told not to. */
function zipMap(unreadable: readonly GraphTensor[], outputs: readonly GraphTensor[]): ForebayError {
  const names = unreadable.map(({ name }) => `"${name}"`).join(' and ');
  const label = outputs.find((output) => isTensor(output) && isPerRow(output));
  const otherwise =
    label === undefined
      ? ''
      : `, or set "output": "${label.name}" in model.json if ${describeTensor(label)} alone is enough`;
  return new ForebayError(
    'config_mismatch',
    `the graph's output ${names} is not a tensor but a list or a map (ZipMap), which onnxruntime-node cannot read: convert the model with options={'zipmap': False}${otherwise}`,
  );
}

function isTensor({ type }: GraphTensor): boolean {
  return type !== 'not a tensor';
}

/** No dimensions means that the graph does not give the shape. */
function isPerRow({ shape }: GraphTensor): boolean {
  return flattened(shape).length <= 2;
}

function isNumbers(output: GraphTensor): boolean {
  return isFloat(output) && isPerRow(output);
}

function isLabel(output: GraphTensor): boolean {
  return (output.type === 'string' || output.type === 'int64') && isPerRow(output) && widthOf(output) === 1;
}
