/** The body of POST /v1/jobs, and the same with its defaults filled in. */
import { z } from 'zod';
import { IF_OUTPUT_EXISTS, type IfOutputExists } from '../../../shared/domain/job/job.ts';
import type { AskedFiles } from '../../../shared/domain/job/compaction.ts';
import type { AskedColumns } from '../../../shared/domain/join.ts';
import type { PartFormat } from '../../../shared/domain/job/part-format.ts';
import { REQUESTED_SHAPE } from '../../../shared/tasks/requested-option-schemas.ts';
import { withDefaultOptions, type AskedOptions } from '../../../shared/tasks/requested-options.ts';
import { DELTA_BODY } from './delta.ts';
import { JOB_INPUT, type JobInput, type PackedInput } from './job-input.ts';
import { OUTPUT } from './output.ts';
import { METADATA } from './scalars.ts';
import { toRequestedWebhook, WEBHOOK, type RequestedWebhook } from './webhook.ts';

const IF_EXISTS = z.enum(IF_OUTPUT_EXISTS);

export const SUBMIT_OPTIONS = z
  .strictObject({
    ...REQUESTED_SHAPE,
    if_output_exists: IF_EXISTS.optional().meta({
      description:
        'What to do when the output holds results: refuse (default), resume from its parts, or overwrite them.',
    }),
    metadata: METADATA.optional().meta({
      description: 'The same as `metadata` next to `options`. Give only one of them.',
    }),
  })
  .meta({ id: 'SubmitOptions', description: 'How a job runs. Every field is optional.' });

export const SUBMIT_BODY = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .max(256)
      .meta({
        description:
          'Name of a model from GET /v1/models, with or without a version. Without one, the latest version runs.',
        examples: ['digits-small', 'digits-small@2'],
      })
      .optional(),
    pipeline: z
      .record(z.string(), z.unknown(), { error: 'must be an object, as in model.json of a pipeline' })
      .optional()
      .meta({
        description:
          'Instead of `model`: a pipeline of models from GET /v1/models, in the form of its model.json (docs/pipelines.md).',
        examples: [
          { cascade: { levels: [{ model: 'digits-small', threshold: 0.85 }, { model: 'digits-large' }] } },
        ],
      }),
    input: JOB_INPUT.meta({ id: 'JobInput', description: 'Where the rows come from, by `type`.' }),
    output: OUTPUT.optional(),
    options: SUBMIT_OPTIONS.optional(),
    metadata: METADATA.optional(),
    webhook: WEBHOOK.optional(),
    delta: DELTA_BODY.optional(),
  })
  .refine(({ model, pipeline }) => model !== undefined || pipeline !== undefined, {
    path: ['model'],
    // The message becomes "is missing (string)". It is shown together with the issues of other fields.
    error: 'string',
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .superRefine((body, context) => {
    if (body.model !== undefined && body.pipeline !== undefined)
      context.addIssue({ code: 'custom', path: ['pipeline'], message: 'give either a model or a pipeline' });
    if (body.metadata === undefined || body.options?.metadata === undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['options', 'metadata'],
      message: 'give metadata once: here or next to options',
    });
  })
  .meta({
    id: 'SubmitRequest',
    description: 'A job to run.',
    examples: [
      {
        model: 'digits-small',
        input: { type: 'files', path: '/data/digits', include: ['**/*.jpg'] },
        options: { max_errors: '1%', priority: 10 },
        metadata: { team: 'search' },
      },
    ],
  });

/** What a client sends. */
export type SubmitBody = z.input<typeof SUBMIT_BODY>;

/** What the use cases receive. */
export interface SubmitRequest extends Omit<RequestWithDefaults, 'input'> {
  readonly input: PackedInput;
  /** SHA-256 of the request, in hex. An Idempotency-Key belongs to one digest. */
  readonly digest: string;
}

/** A request with its rows as sent. The digest covers its JSON, so neither the fields nor their order may change. */
export interface RequestWithDefaults {
  /** Empty if the request gives a pipeline. */
  readonly model: string;
  readonly pipeline?: Readonly<Record<string, unknown>>;
  readonly input: JobInput;
  /** As given. Null: the default folder. */
  readonly output: string | null;
  readonly options: AskedOptions & { readonly if_output_exists: IfOutputExists };
  readonly metadata: Readonly<Record<string, string>>;
  readonly webhook?: RequestedWebhook;
  /** As given. */
  readonly output_format?: PartFormat;
  readonly output_columns?: AskedColumns;
  readonly output_files?: AskedFiles;
  /** As given. */
  readonly delta?: z.infer<typeof DELTA_BODY>;
}

export function withDefaults(body: z.output<typeof SUBMIT_BODY>): RequestWithDefaults {
  const { if_output_exists = 'refuse', metadata, ...options } = body.options ?? {};
  const { path, format, join, select, compact, partition_by } =
    typeof body.output === 'string' ? { path: body.output } : (body.output ?? {});
  return {
    model: body.model ?? '',
    input: body.input,
    output: path ?? null,
    options: { ...withDefaultOptions(options), if_output_exists },
    metadata: body.metadata ?? metadata ?? {},
    // Left out if not given, so that requests keep the digest that earlier versions computed.
    ...(body.pipeline && { pipeline: body.pipeline }),
    ...(body.webhook && { webhook: toRequestedWebhook(body.webhook) }),
    ...(format && { output_format: format }),
    ...((join ?? select) && { output_columns: { ...(join && { join }), ...(select && { select }) } }),
    ...((compact ?? partition_by) && {
      output_files: { ...(compact && { size: compact }), ...(partition_by && { partition_by }) },
    }),
    ...(body.delta && { delta: body.delta }),
  };
}

/** Printable ASCII, like header values. */
export const IDEMPOTENCY_KEY = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters')
  .meta({
    description: 'A submit that is repeated with the same key within a day returns the same job.',
    examples: ['nightly-2026-11-22'],
  });
