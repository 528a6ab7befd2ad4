/** The body of POST /v1/jobs/resume. */
import { z } from 'zod';
import type { JobOptions } from '../../../shared/domain/job/job.ts';
import { OUTPUT_FOLDER } from './output.ts';
import { SUBMIT_OPTIONS } from './submit-request.ts';
import { toRequestedWebhook, WEBHOOK, type RequestedWebhook } from './webhook.ts';

export const RESUME_BODY = z
  .strictObject({
    output: OUTPUT_FOLDER.meta({
      description:
        'Folder, `s3://bucket/prefix` or `az://container/prefix` that the job wrote to, under an output root.',
    }),
    options: z
      .strictObject({
        max_errors: SUBMIT_OPTIONS.shape.max_errors.unwrap().nullable().optional(),
        priority: SUBMIT_OPTIONS.shape.priority,
      })
      .optional()
      .meta({
        description: 'Options to change for the resumed job. `max_errors: null` means unlimited.',
      }),
    webhook: WEBHOOK.optional(),
  })
  .meta({ id: 'ResumeRequest', examples: [{ output: '/data/results/digits' }] });

export type ResumeBody = z.input<typeof RESUME_BODY>;

export interface ResumeRequest {
  readonly output: string;
  /** Only the options to change. */
  readonly options: Partial<Pick<JobOptions, 'max_errors' | 'priority'>>;
  readonly webhook?: RequestedWebhook;
}

export function toResumeRequest({ output, options, webhook }: z.output<typeof RESUME_BODY>): ResumeRequest {
  const { max_errors, priority } = options ?? {};
  const differing = {
    ...(max_errors !== undefined && { max_errors }),
    ...(priority !== undefined && { priority }),
  };
  return { output, options: differing, ...(webhook && { webhook: toRequestedWebhook(webhook) }) };
}
