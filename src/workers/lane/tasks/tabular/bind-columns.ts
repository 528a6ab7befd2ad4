/**
 * Matches the columns of model.json with the graph's inputs. Throws `config_mismatch`, which quotes config and graph.
 * Pure.
 */
import type { ForebayError } from '../../../../shared/errors.ts';
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Column } from '../../../../shared/tasks/tabular/columns.ts';
import { nearestName } from '../../../../shared/text/nearest-name.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';
import { counted } from '../../../../shared/text/counted.ts';

/** An input of the graph, with the columns of its features in order. */
export interface ColumnsOfInput {
  readonly input: GraphTensor;
  readonly columns: readonly Column[];
}

export interface BoundColumns {
  /** In the order of the graph. */
  readonly inputs: readonly ColumnsOfInput[];
  /** The graph's fixed batch dimension. Null if it takes batches of any size. */
  readonly fixedBatch: number | null;
}

export function bindColumns(columns: readonly Column[], inputs: readonly GraphTensor[]): BoundColumns {
  const named = new Map<string, Column[]>(inputs.map(({ name }) => [name, []]));
  for (const column of columns) {
    const name = column.input ?? (inputs.length === 1 ? inputs[0]!.name : column.name);
    const its = named.get(name);
    if (its === undefined) throw noSuchInput(column, name, inputs);
    its.push(column);
  }
  const bound = inputs.map((input) => ({ input, columns: named.get(input.name)! }));
  for (const one of bound) checkWidth(one);
  return { inputs: bound, fixedBatch: fixedBatchOf(inputs) };
}

function checkWidth({ input, columns }: ColumnsOfInput): void {
  const { shape } = input;
  if (columns.length === 0) {
    throw mismatch(
      `model.json has no column for the input "${input.name}"`,
      `the graph needs ${describeTensor(input)}`,
      `add the column "${input.name}", or columns with "input": "${input.name}"`,
    );
  }
  if (shape.length !== 1 && shape.length !== 2) {
    throw mismatch(
      'a tabular input has the shape [batch, features]',
      `the graph's input is ${describeTensor(input)}`,
      'use the task "tensors"',
    );
  }
  const width = shape.length === 1 ? 1 : shape[1]!;
  if (typeof width !== 'number' || width === columns.length) return;
  const names = columns.length === 1 ? `one column ("${columns[0]!.name}")` : `${columns.length} columns`;
  throw mismatch(
    `model.json has ${names} for the input "${input.name}"`,
    `the graph's input ${describeTensor(input)} takes ${counted(width, 'feature')}`,
    `list ${counted(width, 'column')} for it, in the order of training`,
  );
}

function fixedBatchOf(inputs: readonly GraphTensor[]): number | null {
  const fixed = inputs.filter(({ shape }) => typeof shape[0] === 'number');
  const [first] = fixed;
  if (first === undefined) return null;
  const odd = fixed.find(({ shape }) => shape[0] !== first.shape[0]);
  if (odd === undefined) return first.shape[0] as number;
  throw mismatch(
    "the first dimension of a tabular model's inputs is the batch",
    `the graph's inputs ${describeAll([first, odd])} have different first dimensions`,
    'use the task "tensors"',
  );
}

function noSuchInput(column: Column, name: string, inputs: readonly GraphTensor[]): ForebayError {
  const near = nearestName(
    name,
    inputs.map((input) => input.name),
  );
  const hint =
    near === null
      ? `set "input" of the column to one of them`
      : `did you mean "${near}"? A column's field can have another name ("from")`;
  return mismatch(
    `the column "${column.name}" feeds the input "${name}"`,
    `the graph has ${describeAll(inputs)}`,
    hint,
  );
}
