/**
 * The inputs of a graph as model.json declares them. Throws ForebayError `config_mismatch`, which quotes config and
 * graph. Pure.
 */
import { describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { inputBatchAxis } from '../../../../shared/tasks/tensors/batch-axis.ts';
import type { TensorInputConfig } from '../../../../shared/tasks/tensors/tensor-config.ts';
import type { TensorValue } from '../tensors.ts';
import { checkDeclared, checkNames, declaredIn, rowShape, typeOf } from './declared.ts';
import { createElementBuffer } from './element-buffer.ts';
import type { ElementType } from './element-types.ts';
import type { Expected } from './expected.ts';
import { readValue } from './read-value.ts';
import { fits, shapeText, type Shape } from './shape.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

export interface TensorInput {
  readonly name: string;
  readonly type: ElementType;
  /** Shape of one row's value. */
  readonly shape: Shape;
  /** Null: the tensor is the value of one row, or the constant. */
  readonly batchAxis: number | null;
  /** Size or name of the batch axis in the graph. "" if the axis has no name, or there is no batch axis. */
  readonly batchDim: number | string;
  readonly constant: TensorValue | null;
  readonly declared: TensorInputConfig;
}

export function bindInputs(
  config: Readonly<Record<string, TensorInputConfig>>,
  graph: readonly GraphTensor[],
  configFile: string,
): readonly TensorInput[] {
  checkNames('input', Object.keys(config), graph, configFile);
  const inputs = graph.map((tensor) => bindInput(tensor, declaredIn(config, tensor.name) ?? {}, configFile));
  const fixed = inputs.filter(({ batchDim }) => typeof batchDim === 'number');
  const [one] = fixed;
  const other = fixed.find(({ batchDim }) => batchDim !== one!.batchDim);
  if (other !== undefined) {
    throw mismatch(
      `${configFile} gives "${one!.name}" and "${other.name}" a batch axis`,
      `in the graph, the axis has ${one!.batchDim} rows in the first and ${other.batchDim} in the second`,
      `correct inputs.${other.name}.batch_axis`,
    );
  }
  return inputs;
}

function bindInput(tensor: GraphTensor, declared: TensorInputConfig, configFile: string): TensorInput {
  const { name } = tensor;
  const type = typeOf('input', tensor);
  const batchAxis = inputBatchAxis(tensor, declared);
  const shape = rowShape('inputs', tensor, batchAxis, declared, configFile);
  checkDeclared('inputs', tensor, declared, configFile);
  checkExample(tensor, { type, shape }, declared);
  const constant =
    declared.value === undefined ? null : readGiven(tensor, { type, shape }, 'value', declared.value);
  return {
    name,
    type,
    shape,
    batchAxis,
    batchDim: batchAxis === null ? '' : (tensor.shape[batchAxis] ?? ''),
    constant,
    declared,
  };
}

/** Throws if `example` or `example_shape` in model.json does not fit. */
function checkExample(tensor: GraphTensor, expected: Expected, declared: TensorInputConfig): void {
  const { example, example_shape } = declared;
  if (example !== undefined) readGiven(tensor, expected, 'example', example);
  if (example_shape === undefined || fits(example_shape, expected.shape)) return;
  throw mismatch(
    `inputs.${tensor.name}.example_shape in model.json is ${shapeText(example_shape)}`,
    `the graph's input is ${describeTensor(tensor)}, so a row has ${shapeText(expected.shape)}`,
    'correct example_shape',
  );
}

function readGiven(
  tensor: GraphTensor,
  expected: Expected,
  field: 'value' | 'example',
  value: unknown,
): TensorValue {
  const buffer = createElementBuffer(expected.type);
  const reading = readValue(value, expected, buffer);
  if (reading.ok) return { type: expected.type.dtype, dims: reading.shape, data: buffer.data };
  throw mismatch(
    `inputs.${tensor.name}.${field} in model.json does not fit (${reading.why})`,
    `the graph's input is ${describeTensor(tensor)}`,
    `correct ${field}`,
  );
}
