/** The body of an online request, and its answer. */
import { z } from 'zod';
import {
  DEFAULT_PRIORITY,
  HIGHEST_PRIORITY,
  LOWEST_PRIORITY,
} from '../../../shared/domain/online-priority.ts';
import type { RowOutcome } from '../../../shared/domain/row.ts';
import { requestedSchema } from '../../../shared/domain/option-schemas.ts';
import { RESULT_SHAPE } from '../../../shared/tasks/result-shape.ts';
import {
  TASK_OPTION_NAMES,
  taskOption,
  type RequestedTaskOptions,
  type TaskOptionName,
} from '../../../shared/tasks/task-options.ts';
import { FAILURE } from './scalars.ts';

/** Larger requests belong in a job. */
export const MAX_PREDICT_ROWS = 4096;
const DEFAULT_TIMEOUT_MS = 30_000;
export const MAX_TIMEOUT_MS = 600_000;

type OptionShape = {
  [Name in TaskOptionName]: z.ZodOptional<z.ZodType<NonNullable<RequestedTaskOptions[Name]>>>;
};

// TypeScript does not follow the names through the loops.
const OPTION_SHAPE = Object.fromEntries(
  TASK_OPTION_NAMES.map((name) => [name, requestedSchema(taskOption(name))]),
) as unknown as OptionShape;

const QUERY_SHAPE = Object.fromEntries(
  TASK_OPTION_NAMES.map((name) => [name, inQuery(name)]),
) as unknown as OptionShape;

/** Values of a query are texts. */
function inQuery(name: TaskOptionName): z.ZodType {
  const schema = requestedSchema(taskOption(name));
  const { type } = taskOption(name).value;
  if (type !== 'count' && type !== 'number') return schema;
  const toNumber = (text: unknown) => (typeof text === 'string' && text.trim() !== '' ? Number(text) : text);
  return z.preprocess(toNumber, schema).meta({ ...schema.meta(), type: 'number' });
}

const TIMEOUT = {
  description: `How long the client waits for the answer, in ms. Rows whose time is over are not computed. Default: ${DEFAULT_TIMEOUT_MS}.`,
  examples: [2000],
};

const PRIORITY = {
  description: `Requests with lower numbers are answered first, from ${HIGHEST_PRIORITY} to ${LOWEST_PRIORITY}. Default: ${DEFAULT_PRIORITY}.`,
  examples: [10],
};

export const PREDICT_QUERY = z.strictObject({
  priority: z.coerce.number().int().min(HIGHEST_PRIORITY).max(LOWEST_PRIORITY).optional().meta(PRIORITY),
  timeout_ms: z.coerce.number().int().min(1).max(MAX_TIMEOUT_MS).optional().meta(TIMEOUT),
  ...QUERY_SHAPE,
});

const ROW = z.record(z.string(), z.unknown()).meta({
  id: 'PredictRow',
  description:
    'What the task reads of a row: `image` (base64 or a URL), `text`, or the fields of a record. `id` is optional, and the answer repeats it.',
});

/** The body without its rows, which are checked one by one. */
export const PREDICT_REST = z.strictObject({
  options: z.strictObject(OPTION_SHAPE).optional().meta({ description: "Options of the model's task." }),
  timeout_ms: z.int().min(1).max(MAX_TIMEOUT_MS).optional().meta(TIMEOUT),
  priority: z.int().min(HIGHEST_PRIORITY).max(LOWEST_PRIORITY).optional().meta(PRIORITY),
});

export const PREDICT_BODY = z
  .strictObject({ rows: z.array(ROW).min(1).max(MAX_PREDICT_ROWS), ...PREDICT_REST.shape })
  .meta({
    id: 'PredictRequest',
    description: 'Rows to answer at once.',
    examples: [{ rows: [{ id: 'a', text: 'The river is high.' }], options: { top_k: 1 } }],
  });
export type PredictBody = z.input<typeof PREDICT_BODY>;
export type PredictOptions = NonNullable<PredictBody['options']>;

export const PREDICTION = z.object(RESULT_SHAPE).meta({
  id: 'Prediction',
  description: "The answer to one row. The model's task decides which fields it has.",
});
export type PredictionWire = z.infer<typeof PREDICTION>;

const ROW_ANSWER = z
  .object({
    id: z.union([z.string(), z.number()]).optional().meta({ description: 'As in the request.' }),
    ...RESULT_SHAPE,
    error: FAILURE.optional(),
  })
  .meta({ id: 'PredictRowAnswer', description: 'The answer to one row, or its error.' });

export const PREDICTIONS = z
  .object({ results: z.array(ROW_ANSWER) })
  .meta({ id: 'Predictions', description: 'A result or an error for each row, in the order of the rows.' });
export type PredictionsWire = z.infer<typeof PREDICTIONS>;

export function timeoutOf(query: number | undefined, body?: number): number {
  return body ?? query ?? DEFAULT_TIMEOUT_MS;
}

/** Results are JSON already. */
export function predictionsText(
  outcomes: readonly RowOutcome[],
  ids: readonly (string | number | undefined)[],
): string {
  const rows = outcomes.map((outcome, at) => {
    const id = ids[at] === undefined ? '' : `"id":${JSON.stringify(ids[at])}`;
    const answer = outcome.ok ? outcome.result : `"error":${JSON.stringify(outcome.error)}`;
    return `{${[id, answer].filter((text) => text !== '').join(',')}}`;
  });
  return `{"results":[${rows.join(',')}]}\n`;
}
