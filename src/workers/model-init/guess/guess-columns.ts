/** Guesses the columns of a tabular model from the inputs of its graph. Pure. */
import { describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { Hints } from '../hints.ts';
import { mismatch } from './guesser.ts';
import { counted } from '../../../shared/text/counted.ts';

type ColumnConfig = string | { readonly name: string; readonly input: string };

/**
 * Throws ForebayError `config_mismatch` if `--columns` must name the columns, does not fit, or cannot say which input a
 * column belongs to.
 */
export function guessColumns(
  inputs: readonly GraphTensor[],
  { columns }: Hints,
  facts: string[],
  guesses: string[],
): readonly ColumnConfig[] {
  const widths = inputs.map(({ shape }) => shape[1] ?? 1);
  const [free, ...moreFree] = inputs.filter((_, i) => typeof widths[i] !== 'number');
  if (free !== undefined && moreFree.length > 0) {
    throw mismatch(
      `the graph's inputs ${[free, ...moreFree].map(describeTensor).join(' and ')} do not say how many features they take: write model.json yourself, and give each column its input, such as {"name": "age", "input": "${free.name}"}`,
    );
  }
  if (columns !== undefined) {
    facts.push(`columns ${columns.length}: --columns names them`);
    return namedColumns(columns, inputs, widths);
  }
  if (free !== undefined) {
    throw mismatch(
      `the graph's input is ${describeTensor(free)}, which does not say how many features it takes: name them in the order of training, such as --columns age,income,city`,
    );
  }
  if (widths.every((width) => width === 1)) {
    facts.push(`columns ${inputs.length}: named after the inputs`);
    return inputs.map(({ name }) => name);
  }
  const guessed = inputs.flatMap(({ name }, i): ColumnConfig[] => {
    if (inputs.length === 1) return Array.from({ length: Number(widths[i]) }, (_, at) => `f${at}`);
    if (widths[i] === 1) return [name];
    return Array.from({ length: Number(widths[i]) }, (_, at) => ({ name: `${name}_${at}`, input: name }));
  });
  const names = guessed.map((column) => (typeof column === 'string' ? column : column.name));
  guesses.push(
    `columns: ${shortened(names)}, because the graph does not name its features. Name them in the order of training, here with --columns or in model.json`,
  );
  return guessed;
}

/** At most one of `widths` is not a number. */
function namedColumns(
  columns: readonly string[],
  inputs: readonly GraphTensor[],
  widths: readonly (number | string)[],
): readonly ColumnConfig[] {
  const free = widths.findIndex((width) => typeof width !== 'number');
  const known = widths.reduce<number>((total, width) => total + (typeof width === 'number' ? width : 0), 0);
  if (free < 0 ? known !== columns.length : known >= columns.length) {
    const needs = free < 0 ? `${known}` : `more than ${known}`;
    throw mismatch(
      `--columns has ${counted(columns.length, 'name')}, but the graph's inputs ${inputs.map(describeTensor).join(' and ')} take ${needs}`,
    );
  }
  if (inputs.length === 1) return columns;
  let at = 0;
  return inputs.flatMap(({ name }, i) => {
    const width = i === free ? columns.length - known : Number(widths[i]);
    const own = columns.slice(at, at + width);
    at += width;
    return own.map((column) => (column === name ? column : { name: column, input: name }));
  });
}

const MOST_SHOWN = 6;

function shortened(names: readonly string[]): string {
  if (names.length <= MOST_SHOWN) return names.join(', ');
  return `${names.slice(0, MOST_SHOWN - 1).join(', ')} ... ${names.at(-1)}`;
}
