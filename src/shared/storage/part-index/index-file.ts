/**
 * A file of a job's index of parts (docs/adr/0037). The first line has the job, the model and the number of records.
 * Each record follows on a line. Groups have a fixed number of parts, so the names of a part's files follow from its
 * number.
 */
import { z } from 'zod';
import { PART_RECORD, type PartRecord } from '../../domain/part-record.ts';

const PARTS_PER_GROUP = 1024;

/** What the records of a file have in common. */
export interface IndexHead {
  readonly job: string;
  /** Hash of the model. */
  readonly model: string;
}

export function groupOf(part: number): number {
  return Math.floor(part / PARTS_PER_GROUP);
}

/** The parts from `first` to `end` - 1. */
export function partsOf(group: number): { readonly first: number; readonly end: number } {
  return { first: group * PARTS_PER_GROUP, end: (group + 1) * PARTS_PER_GROUP };
}

const HEAD = z.object({
  v: z.literal(1),
  job: z.string(),
  model: z.string(),
  records: z.int().min(0).max(PARTS_PER_GROUP),
});

export function encodeIndex({ job, model }: IndexHead, records: readonly PartRecord[]): string {
  const head: z.infer<typeof HEAD> = { v: 1, job, model, records: records.length };
  return [head, ...records].map((line) => `${JSON.stringify(line)}\n`).join('');
}

/**
 * Null if the file is incomplete or belongs to another job. This is no error, because the parts can be read instead.
 */
export function parseIndex(bytes: Buffer, job: string): PartRecord[] | null {
  const [first = '', ...lines] = bytes.toString('utf8').split('\n').slice(0, -1);
  try {
    const head = HEAD.parse(JSON.parse(first));
    if (head.job !== job || lines.length !== head.records) return null;
    return lines.map((line) => PART_RECORD.parse(JSON.parse(line)));
  } catch {
    return null;
  }
}
