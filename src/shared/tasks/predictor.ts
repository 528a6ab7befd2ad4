/**
 * Models of kind `predictor`: code of the user's. Everything that API and worker know about it is in model.json, because
 * only lanes run the code (ADR 28).
 */
import { z } from 'zod';
import { DECLARED_RESULT, type DeclaredResult } from '../domain/model/hooks-config.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import type { Issue } from '../errors.ts';
import { declaredResultIssues } from './declared-result.ts';
import { IMAGE_FIELDS, TEXT_FIELDS, type RowFields } from './row-fields.ts';
import { ROW_KINDS, type RowKind, type TaskDescription } from './task-description.ts';

export interface PredictorConfig extends ModelConfig {
  readonly kind: 'predictor';
  readonly input: RowKind;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly result?: DeclaredResult | undefined;
  readonly row_bytes?: number | undefined;
}

/** The field of the answer if there is no schema. It may then be any JSON value. */
export const ANSWER_FIELD = 'answer';

const USUAL_ROW_BYTES: Readonly<Record<RowKind, number>> = {
  image: 224 * 224 * 3 * 4,
  audio: 16_000 * 4,
  text: 4096,
  features: 4096,
  tensors: 4096,
};

export const PREDICTOR: TaskDescription<PredictorConfig> = {
  id: 'predictor',
  input: 'features',
  inputOf: ({ input }) => input,
  config: {
    kind: z.literal('predictor'),
    /** What a row provides. `features` and `tensors`: its record as it is. */
    input: z.enum(ROW_KINDS).default('features'),
    /** Values for the module. Its own schema checks them when a lane loads it. */
    options: z.record(z.string(), z.unknown()).optional(),
    result: DECLARED_RESULT.optional(),
    /** Bytes that a row takes in memory, as an estimate. Automatic batch sizes follow from it. */
    row_bytes: z.int().min(1).max(1_000_000_000).optional(),
  },
  options: [],
  result: { [ANSWER_FIELD]: z.unknown() },
  resultSchemaOf: ({ result }) => result ?? null,
  contradictions,
  fields: ({ input }) => FIELDS[input],
  files: () => [],
  defaults: () => ({}),
  inputBytes: ({ input, row_bytes }) => row_bytes ?? USUAL_ROW_BYTES[input],
  steps: (config) => ({
    prepare: [{ operator: 'read', does: READS[config?.input ?? 'features'] }],
    answer: describeAnswer(config),
  }),
};

const RECORD: RowFields = { names: null, needed: [], text: [] };

const FIELDS: Readonly<Record<RowKind, RowFields>> = {
  image: IMAGE_FIELDS,
  audio: { names: ['audio'], needed: ['audio'], text: null },
  text: { ...TEXT_FIELDS, names: null, text: ['text', 'text_pair'] },
  features: RECORD,
  tensors: RECORD,
};

const READS: Readonly<Record<RowKind, string>> = {
  image: 'the bytes of an image',
  audio: 'the bytes of a sound',
  text: 'the text of a record or a file',
  features: 'the fields of a record',
  tensors: 'the fields of a record',
};

function contradictions({ result, graph }: Readonly<Record<string, unknown>>): Issue[] {
  const issues: Issue[] = [];
  if (graph !== undefined)
    issues.push({ path: '/graph', message: 'has no use, because predictor.js opens graphs by itself' });
  return [...issues, ...declaredResultIssues(result as DeclaredResult | undefined, '/result')];
}

function describeAnswer(config: PredictorConfig | null): string {
  const { result } = config ?? {};
  if (result === undefined) return `what predictor.js returns, as JSON in the field "${ANSWER_FIELD}"`;
  return `what predictor.js returns: ${Object.keys(result.properties).join(', ')}`;
}
