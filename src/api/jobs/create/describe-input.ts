/** Describes a job's input to clients. */
import type { PackedInput } from '../../http/wire/job-input.ts';

/** Rows that came with the request are only counted. */
export function describeInput(input: PackedInput): Record<string, unknown> {
  return 'packed' in input ? { type: input.type, count: input.packed.count } : { ...input };
}
