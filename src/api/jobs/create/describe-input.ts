/** A job's input as the job shows it. */
import type { PackedInput } from '../../http/wire/job-input.ts';

/** For display: payloads are only counted. */
export function describeInput(input: PackedInput): Record<string, unknown> {
  switch (input.type) {
    case 'urls':
    case 'inline':
      return { type: input.type, count: input.packed.count };
    case 'files':
    case 'manifest':
      return { ...input };
  }
}
