/** Derives from a graph's signature and model.json how rows become calls. */
import { TENSORS, type TensorsConfig } from '../../../../shared/tasks/tensors.ts';
import { elementBytes } from '../../../../shared/tasks/tensors/dtypes.ts';
import { sum } from '../../../../shared/math/sum.ts';
import { formatBytes } from '../../../../shared/text/bytes.ts';
import type { GraphSignature } from '../task.ts';
import { bindInputs, type TensorInput } from './bind-inputs.ts';
import { bindOutputs, type TensorOutput } from './bind-outputs.ts';

export interface BoundTensors {
  /** All inputs of the graph. */
  readonly inputs: readonly TensorInput[];
  readonly outputs: readonly TensorOutput[];
  /** Whether a call can hold only one row. */
  readonly isAlone: boolean;
  /** See BoundTask. */
  readonly fixedBatch: number | null;
  readonly notes: readonly string[];
}

/** `configFile`: names the config in errors. Throws ForebayError `config_mismatch`. */
export function bindTensors(config: TensorsConfig, graph: GraphSignature, configFile: string): BoundTensors {
  const inputs = bindInputs(config.inputs, graph.inputs, configFile);
  const batched = inputs.filter(({ batchAxis }) => batchAxis !== null);
  const own = inputs.filter(({ batchAxis, constant }) => batchAxis === null && constant === null);
  const isAlone = batched.length === 0 || own.length > 0;
  const batchDims = batched.length === 0 ? null : batched.map(({ batchDim }) => batchDim);
  const { outputs, notes } = bindOutputs(config.outputs, graph.outputs, batchDims, configFile);
  const fixedBatch = batchDims?.find((dim) => typeof dim === 'number') ?? (isAlone ? 1 : null);
  return {
    inputs,
    outputs,
    isAlone,
    fixedBatch,
    notes: [
      ...notes,
      ...(batched.length === 0 ? [] : own.map(whyAlone)),
      ...largeRows(config, [...inputs.filter(({ constant }) => constant === null), ...outputs]),
    ],
  };
}

function whyAlone({ name }: TensorInput): string {
  return `each row has a call of its own, because the input "${name}" has no batch axis: in model.json, set inputs.${name}.batch_axis, or inputs.${name}.value if all rows share it`;
}

/** Rows that are much larger than the API assumes would make batches and blocks too large. */
function largeRows(
  config: TensorsConfig,
  tensors: readonly Pick<TensorInput | TensorOutput, 'type' | 'shape'>[],
): string[] {
  const believed = TENSORS.inputBytes(config);
  const bytes = sum(
    tensors.map(({ type, shape }) =>
      shape.reduce<number>(
        (size, dim) => size * (typeof dim === 'number' ? dim : 1),
        elementBytes(type.dtype),
      ),
    ),
  );
  if (bytes <= MUCH_LARGER * believed) return [];
  return [
    `a row's inputs and outputs have ${formatBytes(bytes)}, but batch and block sizes are chosen for ${formatBytes(believed)}: set "row_bytes": ${bytes} in model.json`,
  ];
}

const MUCH_LARGER = 4;
