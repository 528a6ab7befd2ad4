/** Settles how a job writes its parts. */
import type { JobSpec } from '../../../shared/domain/job/job.ts';
import type { PartFormat, PartTable } from '../../../shared/domain/job/part-format.ts';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { columnsOf } from '../../../shared/sinks/table/columns-of.ts';

/**
 * `asked`: null if the request names no format. Undefined: as JSONL. A job that continues an earlier one keeps its format
 * and its columns, so that all parts of an output are alike. Throws ForebayError `resume_mismatch` for another format.
 */
export function settleFormat(
  asked: PartFormat | null,
  config: ModelConfig | null,
  earlier: Pick<JobSpec, 'table'> | null,
): PartTable | undefined {
  if (earlier !== null) {
    const then = earlier.table?.format ?? 'jsonl';
    if (asked === null || asked === then) return earlier.table;
    throw new ForebayError(
      'resume_mismatch',
      `The output holds ${then} parts, and the request asks for ${asked}. Leave the format out, or use another output.`,
      { issues: [{ path: '/output/format', message: `is ${asked}, but the output holds ${then} parts` }] },
    );
  }
  if (asked === null || asked === 'jsonl') return undefined;
  return { format: asked, columns: columnsOf(config) };
}
