/** When a job must end, and with which error. Pure. */
import { breaksMaxErrors, type JobRecord } from '../../shared/domain/job/job.ts';
import { ForebayError } from '../../shared/errors.ts';
import { RowsDiffer } from '../../shared/storage/adopt-block.ts';
import type { BlockAttempts } from './block-states.ts';

export interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * A job gives up when more runs of one block than this have started. It does not while storage is failing, because
 * storage may recover.
 */
const MAX_RUNS = 20;
/** Errors about the job's output or dataset. Another run of the block would fail in the same way. */
const PERMANENT = ['output_changed', 'dataset_changed', 'invalid_partition'] as const;

/** The failure of a job with too many failed rows. Null: the job may continue. */
export function tooManyErrors({ spec, succeeded, failed }: JobRecord): Failure | null {
  const { max_errors } = spec.options;
  const finished = succeeded + failed;
  if (!breaksMaxErrors(max_errors, failed, finished)) return null;
  return {
    code: 'too_many_errors',
    message: `${failed} of ${finished} finished rows failed; max_errors is ${max_errors}.`,
  };
}

/** The failure of a job whose blocks are all committed. Null: the job succeeded. */
export function failureOfWhole(record: JobRecord): Failure | null {
  const tooMany = tooManyErrors(record);
  if (tooMany) return tooMany;
  if (record.failed === 0 || record.succeeded > 0) return null;
  const message = `No row succeeded, ${record.failed} failed. errors-*.jsonl has the reasons.`;
  return { code: 'all_rows_failed', message };
}

/** The failure of a job whose feeder met an error. Null: the feeder tries again. */
export function failureOfFeeding(error: unknown): Failure | null {
  if (error instanceof RowsDiffer) {
    return {
      code: 'dataset_changed',
      message: `The input differs from the one that the output was made from: ${error.message}. Use another output, or overwrite this one.`,
    };
  }
  if (error instanceof ForebayError && !error.retryable) return { code: error.code, message: error.message };
  return null;
}

/** What repeated runs of a block mean for its job. */
export type RunsVerdict =
  | {
      readonly verdict: 'waits';
      readonly reason: 'storage_unavailable' | 'retrying';
      readonly text: string | null;
    }
  | { readonly verdict: 'fails'; readonly failure: Failure };

const OUTAGE = 'storage_unavailable: ';

/** What is wrong with the storage, if that is why a run failed. Null: it is not. */
export function outageOf(runError: string | null): string | null {
  return runError?.startsWith(OUTAGE) ? runError.slice(OUTAGE.length) : null;
}

/** Judges a block that was run at least twice. `lastError`: the message of its last failed run. Null: there is none. */
export function judgeRuns({ block, attempts }: BlockAttempts, lastError: string | null): RunsVerdict {
  const last = lastError ?? 'its workers died';
  const permanent = PERMANENT.find((code) => last.startsWith(`${code}: `));
  if (permanent) {
    return { verdict: 'fails', failure: { code: permanent, message: last.slice(permanent.length + 2) } };
  }
  const outage = outageOf(last);
  if (outage !== null) return { verdict: 'waits', reason: 'storage_unavailable', text: outage };
  if (attempts <= MAX_RUNS) return { verdict: 'waits', reason: 'retrying', text: null };
  const message = `Block ${block} was run ${attempts} times without success: ${last}`;
  return { verdict: 'fails', failure: { code: 'block_failed', message } };
}
