/** Named tensors in, named tensors out. Works for any graph, because it gives the tensors no meaning. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { GraphTensor } from '../models/graph-tensor.ts';
import type { RowFields } from './row-fields.ts';
import type { TaskDescription } from './task-description.ts';
import { ANSWERED_TENSORS, answeredTensor } from './tensors/answered-tensors.ts';
import { elementBytes } from './tensors/dtypes.ts';
import { TENSORS_SHAPE, type TensorsConfigFields } from './tensors/tensor-config.ts';

export interface TensorsConfig extends ModelConfig, TensorsConfigFields {}

/**
 * Bytes per row of a config that says nothing about them. Rows of a thousand floats are common, and both larger and
 * smaller ones still get calls of a sensible size.
 */
const USUAL_ROW_BYTES = 4096;

export const TENSORS: TaskDescription<TensorsConfig> = {
  id: 'tensors',
  input: 'tensors',
  config: TENSORS_SHAPE,
  options: [],
  result: { outputs: ANSWERED_TENSORS },
  resultOf: ({ outputs }) =>
    outputs === undefined
      ? null
      : {
          outputs: z.object(
            Object.fromEntries(
              Object.entries(outputs).map(([name, output]) => [name, answeredTensor(output)]),
            ),
          ),
        },
  fields,
  files: () => [],
  defaults: () => ({}),
  inputBytes,
  steps: (config) => ({
    prepare: [{ operator: 'parse', does: 'lists or base64 of the record to named tensors' }],
    answer: describeOutputs(config),
  }),
};

function inputBytes({ row_bytes, inputs }: TensorsConfig): number {
  if (row_bytes !== undefined) return row_bytes;
  const known = Object.values(inputs).filter(
    ({ shape, value }) => shape !== undefined && value === undefined,
  );
  if (known.length === 0) return USUAL_ROW_BYTES;
  const sizes = known.map(({ shape, dtype }) =>
    shape!.reduce<number>(
      (bytes, dim) => bytes * Math.max(1, typeof dim === 'number' ? dim : 1),
      elementBytes(dtype ?? 'float32'),
    ),
  );
  return sizes.reduce((sum, bytes) => sum + bytes, 0);
}

function describeOutputs(config: TensorsConfig | null): string {
  const { outputs } = config ?? {};
  if (outputs === undefined) return 'all outputs of the graph, as lists';
  const names = Object.entries(outputs).map(
    ([name, { encoding }]) => `${name} as ${encoding === 'json' ? 'lists' : encoding}`,
  );
  return names.join(', ');
}

function fields({ inputs: given }: TensorsConfig, inputs: readonly GraphTensor[] | null): RowFields {
  if (inputs === null) return { names: null, needed: [], text: [] };
  const isConstant = ({ name }: GraphTensor) => given[name]?.value !== undefined;
  const read = inputs.filter((input) => !isConstant(input));
  const names = read.map(({ name }) => name);
  const refused = inputs.filter(isConstant).map(({ name }) => name);
  const text = read.filter(({ type }) => type === 'string').map(({ name }) => name);
  return { names, needed: names, text, ...(refused.length > 0 && { refused }) };
}
