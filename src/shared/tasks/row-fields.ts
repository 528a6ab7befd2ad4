/** Which fields of a row a model reads. A table needs to read no other columns. Pure. */
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { GraphTensor } from '../models/graph-tensor.ts';
import type { TabularConfig } from './tabular.ts';
import type { TensorsConfig } from './tensors.ts';
import { taskOf } from './task-descriptions.ts';

export interface RowFields {
  /** Without `id`. Null: nobody knows, so any column may be one of them. */
  readonly names: readonly string[] | null;
  /** Fields without which no row can be answered. */
  readonly needed: readonly string[];
  /** Fields that hold text, even if it looks like a number. Null: all fields do. */
  readonly text: readonly string[] | null;
}

/** `inputs`: those of the graph. Null: no worker has loaded it. */
export function rowFieldsOf(config: ModelConfig | null, inputs: readonly GraphTensor[] | null): RowFields {
  switch (taskOf(config).input) {
    case 'image':
      return { names: ['image'], needed: ['image'], text: null };
    case 'audio':
      return { names: ['audio', 'samples', 'sample_rate'], needed: [], text: ['audio'] };
    case 'text':
      return { names: ['text', 'text_pair'], needed: ['text'], text: null };
    case 'features':
      return ofColumns(config as TabularConfig, inputs);
    case 'tensors':
      return ofInputs(config as TensorsConfig, inputs);
  }
}

function ofColumns(
  { columns, example = {} }: TabularConfig,
  inputs: readonly GraphTensor[] | null,
): RowFields {
  const field = ({ from, name }: TabularConfig['columns'][number]) => from ?? name;
  const texts = inputs === null ? null : new Set(textInputs(inputs));
  const isText = (column: TabularConfig['columns'][number]) => {
    if (texts === null) return typeof example[field(column)] === 'string';
    const input = column.input ?? (inputs!.length === 1 ? inputs![0]!.name : column.name);
    return texts.has(input);
  };
  return {
    names: columns.map(field),
    needed: columns.filter(({ missing }) => missing === 'error').map(field),
    text: columns.filter(isText).map(field),
  };
}

function ofInputs({ inputs: given }: TensorsConfig, inputs: readonly GraphTensor[] | null): RowFields {
  if (inputs === null) return { names: null, needed: [], text: [] };
  const names = inputs.map(({ name }) => name).filter((name) => given[name]?.value === undefined);
  return { names, needed: names, text: textInputs(inputs) };
}

function textInputs(inputs: readonly GraphTensor[]): string[] {
  return inputs.filter(({ type }) => type === 'string').map(({ name }) => name);
}
