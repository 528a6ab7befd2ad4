/** Delta jobs on the wire: what a request asks for, and what became of the rows. manifest.json contains the same report. */
import { z } from 'zod';
import type { JobRecord } from '../../../shared/domain/job/job.ts';

export const DELTA_BODY = z
  .strictObject({
    previous: z
      .string()
      .min(1)
      .max(4096)
      .meta({
        description: 'The id of an ended job, or the place of its output.',
        examples: ['/data/results/monday'],
      }),
    by: z.enum(['stamp', 'content']).optional().meta({
      description:
        '`stamp` (default for files): a row has changed if its file has another size or modification time, or another ETag. `content`: if its bytes differ. The earlier job must then have had the option row_versions "content". Rows of tables and archives are always compared by content.',
    }),
  })
  .meta({
    id: 'Delta',
    description:
      'Takes the results of unchanged rows over from an earlier output, and computes only rows that are new, changed or failed before. The input is a folder of files, a prefix of S3 or Azure, a table or archives. The output is another one than the earlier one, and is complete.',
  });

/** `computed`: the rows that a model must answer, by the reason. */
export const DELTA_ROWS = z.object({
  by: z.enum(['stamp', 'content']).meta({ description: 'How rows are compared. See the request.' }),
  taken_over: z.int().meta({ description: 'Rows whose results come from the earlier output.' }),
  computed: z.object({
    new: z.int(),
    changed: z.int().meta({
      description: 'The file, the model or an option has changed, or the version of the row is not known.',
    }),
    failed_before: z.int(),
  }),
});

const PREVIOUS = z.object({ job: z.string(), output: z.string() });

export const DELTA_REPORT = z
  .object({
    previous: PREVIOUS.meta({ description: 'The last job of the earlier output, and its place.' }),
    ...DELTA_ROWS.shape,
    vanished: z.int().nullable().meta({
      description:
        'Rows that only the earlier output has. vanished.jsonl lists them. Null until the job has completed.',
    }),
    recompute: z.string().nullable().meta({ description: 'Why all rows are computed. Null: they are not.' }),
  })
  .meta({ id: 'DeltaReport', description: 'What a delta job has taken over and computed so far.' });

export function deltaToWire({ spec, delta }: JobRecord): z.infer<typeof DELTA_REPORT> | null {
  if (spec.delta === undefined || delta === null) return null;
  const { job, output, recompute = null, by = 'stamp' } = spec.delta;
  return {
    by,
    previous: { job, output },
    taken_over: delta.taken,
    computed: { new: delta.new, changed: delta.changed, failed_before: delta.failed },
    vanished: delta.vanished,
    recompute,
  };
}
