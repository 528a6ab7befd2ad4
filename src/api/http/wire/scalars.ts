/** Small schemas that several wire files share. */
import { z } from 'zod';

/** ISO 8601 in UTC, with milliseconds. */
export const TIMESTAMP = z.string().meta({
  format: 'date-time',
  examples: ['2026-11-22T10:15:30.000Z'],
});

/** Job ids in paths and cursors. The pattern is looser than that of new ids, so that an unknown id gets a 404. */
export const JOB_ID = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/, 'not a job id: letters, digits, "_" and "-" only')
  .meta({ description: 'Id of the job. Ids sort by time.' });

/** An error code and what happened. */
export const FAILURE = z
  .object({
    code: z.string().meta({ description: 'Stable error code.', examples: ['decode_failed'] }),
    message: z.string().meta({ description: 'What happened, where, and how to fix it.' }),
  })
  .meta({ id: 'Failure', description: 'A failure with a stable code.' });

/** A union, because a nullable reference would become a schema that refuses null. */
export const FAILURE_OR_NULL = z.union([FAILURE, z.null()]);

export const METADATA = z
  .record(
    z.string().min(1).max(64, 'a key has at most 64 characters'),
    z.string().max(512, 'a value has at most 512 characters'),
  )
  .refine((pairs) => Object.keys(pairs).length <= 16, 'at most 16 pairs')
  .meta({
    id: 'Metadata',
    description:
      'Your own notes on a job, kept and shown with it. At most 16 pairs of strings, with keys up to 64 and values up to 512 characters.',
    examples: [{ team: 'search', run: '2026-11-22' }],
  });

export function iso(ms: number): string;
export function iso(ms: number | null): string | null;
export function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

/** Rounds for display. Returns null for null, NaN and infinities. */
export function rounded(value: number | null, decimals: number): number | null {
  if (value === null || !Number.isFinite(value)) return null;
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}
