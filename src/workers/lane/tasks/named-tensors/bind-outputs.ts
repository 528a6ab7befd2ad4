/**
 * Chooses the outputs of a graph that go into answers. Throws ForebayError `config_mismatch`, which quotes config and
 * graph. Pure.
 */
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { canCarry } from '../../../../shared/tasks/tensors/dtypes.ts';
import type { TensorOutputConfig } from '../../../../shared/tasks/tensors/tensor-config.ts';
import { checkDeclared, checkNames, declaredIn, rowShape, typeOf } from './declared.ts';
import type { ElementType } from './element-types.ts';
import type { Shape } from './shape.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';

export interface TensorOutput {
  readonly name: string;
  readonly type: ElementType;
  /** Null: the whole tensor is the answer of each row of the call. */
  readonly batchAxis: number | null;
  readonly isBase64: boolean;
  /** Shape of one row, as far as the graph or the config shows it. */
  readonly shape: Shape;
}

type Config = Readonly<Record<string, TensorOutputConfig>>;

/** `batchDims`: the dimensions of the inputs' batch axes, as the graph has them. Null if no input has one. */
export function bindOutputs(
  config: Config | undefined,
  graph: readonly GraphTensor[],
  batchDims: Shape | null,
  configFile: string,
): { readonly outputs: readonly TensorOutput[]; readonly notes: readonly string[] } {
  if (config !== undefined) checkNames('output', Object.keys(config), graph, configFile);
  const possible = graph.filter(canCarry);
  const chosen =
    config === undefined
      ? possible
      : Object.keys(config).map((name) => graph.find((tensor) => tensor.name === name)!);
  if (chosen.length === 0) {
    throw mismatch(
      'the task tensors needs an output that is a tensor',
      `the graph has ${describeAll(graph)}`,
      'export it with such an output',
    );
  }
  const outputs = chosen.map((tensor) =>
    bindOutput(tensor, declaredIn(config ?? {}, tensor.name) ?? UNDECLARED, batchDims, configFile),
  );
  const leftOut = config === undefined ? graph.filter((tensor) => !canCarry(tensor)) : [];
  const notes = leftOut.map(
    (tensor) => `the output ${describeTensor(tensor)} is left out, because onnxruntime-node cannot carry it`,
  );
  return { outputs, notes };
}

const UNDECLARED: TensorOutputConfig = { encoding: 'json' };

function bindOutput(
  tensor: GraphTensor,
  declared: TensorOutputConfig,
  batchDims: Shape | null,
  configFile: string,
): TensorOutput {
  const { name } = tensor;
  const type = typeOf('output', tensor);
  const batchAxis = batchAxisOf(tensor, declared, batchDims, configFile);
  const isBase64 = declared.encoding === 'base64';
  if (isBase64 && type.dtype === 'string') {
    throw mismatch(
      `outputs.${name}.encoding in ${configFile} is base64, which strings cannot have`,
      `the graph has ${describeTensor(tensor)}`,
      'remove the encoding',
    );
  }
  checkDeclared('outputs', tensor, declared, configFile);
  // A graph often states an empty shape for an output that has axes. The first run shows the real one.
  const shape = tensor.shape.length === 0 ? [] : rowShape('outputs', tensor, batchAxis, declared, configFile);
  return { name, type, batchAxis, isBase64, shape };
}

/**
 * The axis that the config gives, which may be null. If it gives none: the axis that has the name or the size of the
 * inputs' batch, or else the first one. Null if no input has a batch axis.
 */
function batchAxisOf(
  tensor: GraphTensor,
  { batch_axis }: TensorOutputConfig,
  batchDims: Shape | null,
  configFile: string,
): number | null {
  if (batchDims === null) {
    if ((batch_axis ?? null) === null) return null;
    throw mismatch(
      `outputs.${tensor.name}.batch_axis in ${configFile} is ${batch_axis}`,
      'no input of the graph has a batch axis',
      'declare one under "inputs" as well',
    );
  }
  if (batch_axis !== undefined) return batch_axis;
  const likely = tensor.shape.findIndex((dim) => dim !== '' && batchDims.includes(dim));
  return Math.max(0, likely);
}
