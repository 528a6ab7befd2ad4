/** The list of jobs: its query and its pages. */
import { z } from 'zod';
import { JOB_STATUSES, type JobStatus } from '../../../shared/domain/job/job-state.ts';
import { nearestName } from '../../../shared/text/nearest-name.ts';
import { JOB } from './job.ts';

/** Maximum number of unknown names that are reported. Finding the nearest name for each takes time. */
const MAX_TOLD = 10;

export const JOB_LIST_QUERY = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(20).meta({ description: 'Jobs per page.' }),
  cursor: z.string().optional().meta({ description: '`next_cursor` of the previous page.' }),
  status: z
    .string()
    .superRefine((text, context) => {
      const unknown = statusNames(text).filter((name) => !JOB_STATUSES.includes(name as JobStatus));
      for (const name of unknown.slice(0, MAX_TOLD)) {
        const near = nearestName(name, JOB_STATUSES);
        context.addIssue({
          code: 'custom',
          message: `"${name}" is not a status${near ? `, did you mean "${near}"?` : ''} (${JOB_STATUSES.join(', ')})`,
        });
      }
    })
    .optional()
    .meta({
      description: `Only jobs in these states, comma-separated: ${JOB_STATUSES.join(', ')}.`,
      examples: ['running,queued'],
    }),
});

export const JOB_LIST = z
  .object({
    object: z.literal('list'),
    data: z.array(JOB),
    has_more: z.boolean().meta({
      description:
        'Whether older jobs may follow. With a `status` filter, a page may be short although more jobs follow.',
    }),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'Pass it as `cursor` for the next page. Null on the last page.' }),
  })
  .meta({ id: 'JobList', description: 'A page of jobs, newest first.' });

export type JobListWire = z.infer<typeof JOB_LIST>;

/** `text`: the value of the query. Returns null if it allows every status. */
export function statusFilter(text: string | undefined): ReadonlySet<JobStatus> | null {
  const names = text === undefined ? [] : statusNames(text);
  return names.length === 0 ? null : new Set(names as JobStatus[]);
}

function statusNames(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
