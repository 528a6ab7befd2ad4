/** Which fields of a record the columns of a tabular model read. Pure. */
import type { GraphTensor } from '../../models/graph-tensor.ts';
import type { RowFields } from '../row-fields.ts';
import type { Column } from './columns.ts';

/**
 * `inputs`: the graph's, if they are known. `example`: a record that the model accepts. It shows which fields hold text
 * if the inputs are not known.
 */
export function columnFields(
  columns: readonly Column[],
  example: Readonly<Record<string, unknown>>,
  inputs: readonly GraphTensor[] | null,
): RowFields {
  const kindOf = (column: Column) => {
    if (inputs === null) return typeof example[fieldOf(column)];
    const input = inputOf(column, inputs);
    return input?.type === 'string' ? 'string' : input && 'number';
  };
  const text = columns.filter((column) => kindOf(column) === 'string').map(fieldOf);
  return {
    names: columns.map(fieldOf),
    needed: columns.filter(({ missing }) => missing === 'error').map(fieldOf),
    text,
    strings: text,
    numbers: columns.filter((column) => kindOf(column) === 'number').map(fieldOf),
  };
}

function fieldOf({ from, name }: Column): string {
  return from ?? name;
}

function inputOf(column: Column, inputs: readonly GraphTensor[]): GraphTensor | undefined {
  if (column.input === undefined && inputs.length === 1) return inputs[0];
  const wanted = column.input ?? column.name;
  return inputs.find(({ name }) => name === wanted);
}
