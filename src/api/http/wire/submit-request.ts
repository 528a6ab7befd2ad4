/** The body of POST /v1/jobs, and the same with every option settled or explicitly left open. */
import { z } from 'zod';
import { MAX_ERRORS, type MaxErrors } from '../../../shared/domain/job.ts';
import { DECODE_MODE, type DecodeMode } from '../../../shared/domain/model-config.ts';
import { JOB_INPUT, type JobInput, type PackedInput } from './job-input.ts';
import { METADATA } from './scalars.ts';
import { toRequestedWebhook, WEBHOOK, type RequestedWebhook } from './webhook.ts';

const whole = (min: number, max: number) => z.int().min(min).max(max);
const orAuto = (min: number, max: number) =>
  z.union([z.literal('auto'), whole(min, max)], {
    error: `must be a whole number from ${min} to ${max}, or "auto"`,
  });

export const IF_OUTPUT_EXISTS = z.enum(['refuse', 'resume', 'overwrite']);

export const SUBMIT_OPTIONS = z
  .strictObject({
    batch_size: orAuto(1, 1024).optional().meta({
      description:
        "Rows a model call. Larger is faster on GPUs, often slower on CPUs. Default: the model's own.",
    }),
    block_rows: orAuto(1, 10_000).optional().meta({
      description:
        'Rows a block: the unit of queueing, retry and commit. Default: about four batches, 1,024 of small images.',
    }),
    concurrency: orAuto(1, 100_000).optional().meta({
      description: "At most so many of the job's blocks queued or running at once, over all workers.",
    }),
    max_errors: z
      .union([...MAX_ERRORS.options], { error: 'must be a count, or a share such as "1%"' })
      .optional()
      .meta({
        description:
          'Failed rows the job bears: a count, or a share of finished rows ("1%"), judged after the first 100. Default: unlimited.',
        examples: ['1%'],
      }),
    priority: whole(1, 100).optional().meta({ description: '1 (first) to 100. Default: 50.' }),
    top_k: whole(1, 1000).optional().meta({ description: "Answers a row. Default: the model's own." }),
    decode: DECODE_MODE.optional().meta({
      description:
        "How JPEGs are decoded: exact, fast (slightly off) or shrink (large ones shrunk while decoded). Default: the model's own.",
    }),
    limit: whole(1, Number.MAX_SAFE_INTEGER).optional().meta({ description: 'Only the first N rows.' }),
    if_output_exists: IF_OUTPUT_EXISTS.optional().meta({
      description:
        'What to do when the output folder holds results: refuse (default), resume from its parts, or overwrite them.',
    }),
    metadata: METADATA.optional().meta({ description: 'As `metadata` beside `options`; give it once.' }),
  })
  .meta({ id: 'SubmitOptions', description: 'How a job runs. Every field may be left out.' });

export const SUBMIT_BODY = z
  .strictObject({
    model: z
      .string()
      .min(1)
      .max(256)
      .meta({
        description: 'Name of a model of GET /v1/models.',
        examples: ['digits-small'],
      }),
    input: JOB_INPUT.meta({ id: 'JobInput', description: 'Where the rows come from, by `type`.' }),
    output: z.string().min(1).max(4096).optional().meta({
      description:
        'Folder for the results, under an output root. Default: results/<job id> in the data folder.',
    }),
    options: SUBMIT_OPTIONS.optional(),
    metadata: METADATA.optional(),
    webhook: WEBHOOK.optional(),
  })
  .superRefine((body, context) => {
    if (body.metadata === undefined || body.options?.metadata === undefined) return;
    context.addIssue({
      code: 'custom',
      path: ['options', 'metadata'],
      message: 'give metadata once: here or beside options',
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

/** What submit-job receives: null = automatic or unlimited. */
export interface SubmitRequest extends Omit<SettledRequest, 'input'> {
  readonly input: PackedInput;
  /** SHA-256 in hex of the request: what an Idempotency-Key stands for. */
  readonly digest: string;
}

/** A request with its rows as they came. Its JSON is what the digest is made of, so it must not change. */
export interface SettledRequest {
  readonly model: string;
  readonly input: JobInput;
  /** As given; null: the default folder. */
  readonly output: string | null;
  readonly options: {
    readonly batch_size: number | null;
    readonly block_rows: number | null;
    readonly concurrency: number | null;
    readonly max_errors: MaxErrors | null;
    readonly priority: number;
    /** null: the model's own. */
    readonly top_k: number | null;
    /** null: the model's own. */
    readonly decode: DecodeMode | null;
    readonly limit: number | null;
    readonly if_output_exists: z.infer<typeof IF_OUTPUT_EXISTS>;
  };
  readonly metadata: Readonly<Record<string, string>>;
  readonly webhook?: RequestedWebhook;
}

const DEFAULT_PRIORITY = 50;

export function settleRequest(body: z.output<typeof SUBMIT_BODY>): SettledRequest {
  const o = body.options ?? {};
  const number = (value: number | 'auto' | undefined) => (typeof value === 'number' ? value : null);
  return {
    model: body.model,
    input: body.input,
    output: body.output ?? null,
    options: {
      batch_size: number(o.batch_size),
      block_rows: number(o.block_rows),
      concurrency: number(o.concurrency),
      max_errors: o.max_errors ?? null,
      priority: o.priority ?? DEFAULT_PRIORITY,
      top_k: o.top_k ?? null,
      decode: o.decode ?? null,
      limit: o.limit ?? null,
      if_output_exists: o.if_output_exists ?? 'refuse',
    },
    metadata: body.metadata ?? o.metadata ?? {},
    // Absent where not given: the digest of an Idempotency-Key must not change for requests of before.
    ...(body.webhook && { webhook: toRequestedWebhook(body.webhook) }),
  };
}

/** Printable ASCII, as header values are. */
export const IDEMPOTENCY_KEY = z
  .string()
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/, 'must be 1 to 255 printable ASCII characters')
  .meta({
    description: 'Repeating a submit with the same key within a day returns the same job.',
    examples: ['nightly-2026-11-22'],
  });
