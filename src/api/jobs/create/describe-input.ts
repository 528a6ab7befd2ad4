/** Describes a job's input to clients. */
import type { PackedInput } from '../../http/wire/job-input.ts';

/** Rows that came with the request are only counted. */
export function describeInput(input: PackedInput): Record<string, unknown> {
  switch (input.type) {
    case 'urls':
    case 'inline':
      return { type: input.type, count: input.packed.count };
    case 'files':
    case 'manifest':
    case 'jsonl':
    case 'csv':
    case 'archive':
    case 'parquet':
      return { ...input };
  }
}
