/** Takes records with named features. Answers with the best classes, one number, or outputs of the graph by name. */
import { z } from 'zod';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import { CLASSES_SHAPE, type Activation } from './classes/activation.ts';
import { labelsFile } from './classes/labels.ts';
import { PREDICTIONS, USUAL_TOP_K } from './classes/predictions.ts';
import { columnFields } from './tabular/column-fields.ts';
import { COLUMNS, type Column } from './tabular/columns.ts';
import { NAMED_OUTPUTS } from './tabular/named-outputs.ts';
import type { TaskDescription } from './task-description.ts';
import type { TaskOptions } from './task-options.ts';
import { counted } from '../text/counted.ts';

export interface TabularConfig extends ModelConfig {
  readonly columns: readonly Column[];
  readonly output?: string | readonly string[] | undefined;
  readonly classes?: readonly string[] | undefined;
  readonly labels?: string | undefined;
  readonly activation?: Activation | undefined;
  readonly top_k: number;
  readonly example?: Readonly<Record<string, unknown>> | undefined;
}

export type TabularOptions = TaskOptions<'top_k'>;

const OUTPUT = z.string().min(1).max(1024);
const CLASS_NAME = z.string().max(1024);

export const TABULAR: TaskDescription<TabularConfig> = {
  id: 'tabular',
  input: 'features',
  config: {
    columns: COLUMNS,
    /**
     * A graph's output that holds class scores or one number. A list: these outputs are answered as they are, by name.
     * Needed only if the graph leaves a choice.
     */
    output: z.union([OUTPUT, z.array(OUTPUT).min(1).max(256)]).optional(),
    /** The class names, in the order of the scores. */
    classes: z.array(CLASS_NAME).min(1).max(1_000_000).optional(),
    labels: CLASSES_SHAPE.labels,
    activation: CLASSES_SHAPE.activation,
    top_k: CLASSES_SHAPE.top_k,
    /** A record that the model accepts. Workers try the model with it. */
    example: z.record(z.string(), z.union([z.number(), z.string(), z.boolean(), z.null()])).optional(),
  },
  options: ['top_k'],
  result: {
    predictions: PREDICTIONS.optional(),
    value: z.number().optional(),
    outputs: NAMED_OUTPUTS.optional(),
  },
  resultOf,
  contradictions,
  fields: ({ columns, example }, inputs) => columnFields(columns, example ?? {}, inputs),
  files: labelsFile,
  defaults: (config) => ({ top_k: config?.top_k ?? USUAL_TOP_K }),
  inputBytes: ({ columns }) => columns.length * Float32Array.BYTES_PER_ELEMENT,
  steps: (config, options) => ({
    prepare: [{ operator: 'features', does: describeColumns(config) }],
    answer: describeAnswer(config, (options as TabularOptions).top_k),
  }),
};

/** Without these fields, only the graph knows what it returns. */
function resultOf({ output, classes, labels, activation }: TabularConfig): z.ZodRawShape | null {
  if (typeof output === 'object') {
    return { outputs: z.object(Object.fromEntries(output.map((name) => [name, z.unknown()]))) };
  }
  const hasClasses = [classes, labels, activation].some((field) => field !== undefined);
  return hasClasses ? { predictions: PREDICTIONS } : null;
}

function contradictions(raw: Readonly<Record<string, unknown>>): Issue[] {
  const issues: Issue[] = [];
  if (raw['classes'] !== undefined && raw['labels'] !== undefined) {
    issues.push({ path: '/labels', message: 'contradicts "classes": name the classes in one place' });
  }
  if (!Array.isArray(raw['output'])) return issues;
  for (const field of ['classes', 'labels', 'activation']) {
    if (raw[field] === undefined) continue;
    const message = 'has no use, because "output" is a list: its outputs are answered as they are';
    issues.push({ path: `/${field}`, message });
  }
  return issues;
}

function describeColumns(config: TabularConfig | null): string {
  if (config === null) return 'fields of a record to the input tensors';
  const { columns } = config;
  const filled = columns.filter(({ missing }) => missing !== 'error').length;
  const rule = filled === 0 ? '' : `, missing values filled in for ${filled}`;
  return `${counted(columns.length, 'column')} of a record to the input tensors${rule}`;
}

function describeAnswer(config: TabularConfig | null, topK: number): string {
  const output = config?.output;
  if (typeof output === 'object') return `outputs ${output.join(', ')} as they are`;
  const from = output === undefined ? '' : `output ${output}: `;
  return `${from}top ${topK} of a classifier, or the number of a regression`;
}
