/** Inputs and outputs from a config.pbtxt, as the task `tensors` declares them. Pure. */
import type { Dtype } from '../../tasks/tensors/dtypes.ts';
import type { PbMessage } from './parse-pbtxt.ts';
import { messages, numbers, text } from './pb-fields.ts';

const DTYPES: ReadonlyMap<string, Dtype> = new Map<string, Dtype>([
  ['TYPE_BOOL', 'bool'],
  ['TYPE_UINT8', 'uint8'],
  ['TYPE_UINT16', 'uint16'],
  ['TYPE_UINT32', 'uint32'],
  ['TYPE_UINT64', 'uint64'],
  ['TYPE_INT8', 'int8'],
  ['TYPE_INT16', 'int16'],
  ['TYPE_INT32', 'int32'],
  ['TYPE_INT64', 'int64'],
  ['TYPE_FP16', 'float16'],
  ['TYPE_FP32', 'float32'],
  ['TYPE_FP64', 'float64'],
  ['TYPE_STRING', 'string'],
]);

/** `hasBatch`: the graph has a batch axis before `dims`. */
export function readTensors(
  config: PbMessage,
  hasBatch: boolean,
  missing: Map<string, string>,
  notes: string[],
): object {
  const read = (field: 'input' | 'output') =>
    messages(config, field).map((tensor) => readTensor(tensor, { field, hasBatch, missing, notes }));
  const [inputs, outputs] = [read('input'), read('output')];
  return {
    inputs: Object.fromEntries(inputs),
    // If the config names no outputs, Triton returns those of the graph.
    ...(outputs.length === 0 ? {} : { outputs: Object.fromEntries(outputs) }),
  };
}

interface Context {
  readonly field: 'input' | 'output';
  readonly hasBatch: boolean;
  readonly missing: Map<string, string>;
  readonly notes: string[];
}

function readTensor(tensor: PbMessage, { field, hasBatch, missing, notes }: Context): [string, object] {
  const name = text(tensor, 'name') ?? '';
  const type = text(tensor, 'data_type') ?? '';
  const dtype = DTYPES.get(type);
  if (dtype === undefined) {
    missing.set(
      `/${field}s/${name}/dtype`,
      `config.pbtxt says ${type || 'nothing'}, which Forebay does not support`,
    );
  }
  const isReshaped = tensor.has('reshape');
  if (isReshaped)
    notes.push(`config.pbtxt: reshape of "${name}" is not followed; rows have the graph's shape`);
  if (text(tensor, 'label_filename') !== null) {
    notes.push(
      `config.pbtxt: the labels of "${name}" are not used, because the task "tensors" returns numbers. For class names, write a model.json with another task`,
    );
  }
  const dims = numbers(tensor, 'dims').map((dim) => (dim < 0 ? null : dim));
  return [
    name,
    {
      // Without a batch dimension, outputs have no axis to declare.
      ...(hasBatch ? { batch_axis: 0 } : field === 'input' ? { batch_axis: null } : {}),
      ...(dtype === undefined ? {} : { dtype }),
      ...(isReshaped || dims.length === 0 ? {} : { shape: dims }),
    },
  ];
}
