/** A model in the terms of the Open Inference Protocol: its inputs and outputs as tensors. */
import { z } from 'zod';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import type { GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { PREDICTIONS } from '../../../shared/tasks/classes/predictions.ts';
import { EMBEDDING } from '../../../shared/tasks/embedding/embedding.ts';
import { haveSameColumns } from '../../../shared/tasks/result-columns.ts';
import { resultSchemaOf } from '../../../shared/tasks/result-schema.ts';
import type { TaskDescription } from '../../../shared/tasks/task-description.ts';
import { rowFieldsOf, rowKindOf, taskOf } from '../../../shared/tasks/task-descriptions.ts';
import { datatypeOf, type Datatype } from './datatypes.ts';
import { declaredOf, withShape } from './graph-shape.ts';
import { ANSWER, outputDatatype } from './outputs-of-rows.ts';

export interface DescribedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1: any size. */
  readonly shape: readonly number[];
}

export interface DescribedModel {
  readonly config: ModelConfig | null;
  readonly graphInputs: readonly GraphTensor[] | null;
  readonly graphOutputs: readonly GraphTensor[] | null;
}

export function platformOf(config: ModelConfig | null): string {
  const kind = config?.kind ?? 'onnx';
  return kind === 'onnx' ? 'onnx_onnxv1' : `forebay_${kind}`;
}

export function inputsOf({ config, graphInputs }: DescribedModel): DescribedTensor[] {
  const kind = rowKindOf(config);
  const { names, needed, text } = rowFieldsOf(config, graphInputs);
  if (kind === 'tensors') {
    return (graphInputs ?? []).flatMap((tensor) =>
      names?.includes(tensor.name) ? described(withShape(tensor, 'inputs', config)) : [],
    );
  }
  // A sound may also come as a record of samples, which has no input of its own here.
  if (kind === 'audio') return [{ name: 'audio', datatype: 'BYTES', shape: [-1] }];
  if (kind !== 'features') return needed.map((name) => ({ name, datatype: 'BYTES', shape: [-1] }));
  return (names ?? []).map((name) => ({
    name,
    datatype: text === null || text.includes(name) ? 'BYTES' : 'FP64',
    shape: [-1],
  }));
}

const OF_FIELD: Readonly<Record<string, readonly DescribedTensor[]>> = {
  predictions: [
    { name: 'label', datatype: 'BYTES', shape: [-1, -1] },
    { name: 'score', datatype: 'FP32', shape: [-1, -1] },
    { name: 'index', datatype: 'INT32', shape: [-1, -1] },
  ],
  embedding: [{ name: 'embedding', datatype: 'FP32', shape: [-1, -1] }],
  value: [{ name: 'value', datatype: 'FP64', shape: [-1] }],
};
const USUAL = z.toJSONSchema(
  z.object({ predictions: PREDICTIONS, embedding: EMBEDDING, value: z.number() }),
).properties!;

export function outputsOf({ config, graphOutputs }: DescribedModel): DescribedTensor[] {
  const task = taskOf(config);
  const exact = config === null ? null : (task.resultOf?.(config) ?? null);
  const fields = isComposed(config) ? sureFields(task, config) : Object.keys(exact ?? task.result);
  const whole: DescribedTensor = { name: ANSWER, datatype: 'BYTES', shape: [-1] };
  // Only an answer shows which fields a table's model has.
  if (exact === null && task.id === 'tabular') return [whole];
  const answers = namedOutputs(config);
  const graph = fields.includes('outputs')
    ? (graphOutputs ?? []).filter(({ name }) => answers?.includes(name) ?? true)
    : [];
  return [
    ...fields.flatMap((field) => OF_FIELD[field] ?? []),
    ...graph.flatMap((tensor) => described(rowsFirst(tensor, config), outputDatatype)),
    whole,
  ];
}

/** Whether the answers follow from more than the task: from code of users, or from other models. */
function isComposed(config: ModelConfig | null): config is ModelConfig {
  return config !== null && (taskOf(config).resultSchemaOf?.(config) ?? null) !== null;
}

/** The fields that each answer has, in the form in which tasks answer them. */
function sureFields(task: TaskDescription, config: ModelConfig): string[] {
  const { properties, required } = resultSchemaOf(task, config);
  return required.filter(
    (field) => field in USUAL && haveSameColumns(field, properties[field], USUAL[field]),
  );
}

/** In an answer, the rows are the first axis, whichever axis they are in the graph. */
function rowsFirst(tensor: GraphTensor, config: ModelConfig | null): GraphTensor {
  const known = withShape(tensor, 'outputs', config);
  const axis = declaredOf(config, 'outputs', tensor.name).batch_axis ?? 0;
  const rows = known.shape[axis];
  // A scalar is answered as one element, and for several rows as one of each.
  return { ...known, shape: rows === undefined ? [''] : [rows, ...known.shape.toSpliced(axis, 1)] };
}

/** The outputs that model.json chooses. Null: it does not. */
function namedOutputs(config: ModelConfig | null): readonly string[] | null {
  const { output, outputs } = (config ?? {}) as { output?: unknown; outputs?: object };
  if (outputs !== undefined) return Object.keys(outputs);
  return Array.isArray(output) ? (output as string[]) : null;
}

function described(tensor: GraphTensor, typeOf = datatypeOf): DescribedTensor[] {
  const datatype = typeOf(tensor.type);
  const shape = tensor.shape.map((dim) => (typeof dim === 'number' ? dim : -1));
  return datatype === null ? [] : [{ name: tensor.name, datatype, shape }];
}
