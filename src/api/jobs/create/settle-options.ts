/** Settles the options that a request leaves open, from the model or from the job that it resumes. */
import { ForebayError } from '../../../shared/errors.ts';
import { whyNotCacheable } from '../../../shared/tasks/cacheable.ts';
import { settleTaskOptions } from '../../../shared/tasks/option-values.ts';
import { autoBatchSize, autoBlockRows, FALLBACK_BATCH } from '../../../shared/tasks/auto-batch.ts';
import type { DatasetSpec } from '../../../shared/domain/dataset-spec.ts';
import type { Delta } from '../../../shared/domain/job/delta.ts';
import type { JobOptions, JobSpec } from '../../../shared/domain/job/job.ts';
import { MAX_BLOCK_ROWS, MAX_LISTED_BLOCK_ROWS } from '../../../shared/domain/job/job-options.ts';
import { hasSlices } from '../../../shared/domain/row-versions.ts';
import type { RowKind } from '../../../shared/tasks/task-description.ts';
import type { SubmitRequest } from '../../http/wire/submit-request.ts';
import type { FoundModel } from '../../models/model-catalog.ts';

/** Block boundaries are fixed here. A resumed job keeps the boundaries of the parts that it adopts. */
export function settleOptions(
  request: SubmitRequest,
  { config, batchSize }: Pick<FoundModel, 'config' | 'batchSize'>,
  earlier: JobSpec | null,
): JobOptions {
  const { options } = request;
  // Workers report the batch size that they use. The formula only estimates it.
  const auto = batchSize ?? (config ? autoBatchSize(config) : FALLBACK_BATCH);
  const batch = options.batch_size ?? auto;
  const most = mostBlockRows(request.input);
  checkBlockRows(options.block_rows, most);
  const sharesBytes = most < MAX_BLOCK_ROWS || request.output_columns?.join !== undefined;
  return {
    batch_size: options.batch_size,
    block_rows:
      earlier?.options.block_rows ?? options.block_rows ?? autoBlockRows(batch, config, sharesBytes),
    concurrency: options.concurrency,
    max_errors: options.max_errors,
    priority: options.priority,
    limit: options.limit,
    row_versions: options.row_versions ?? null,
    cache: settleCache(options.cache ?? null, config),
    ...settleTaskOptions(config, options),
  };
}

/** A block of listed rows carries their references through Redis. Only workers read the rows of other datasets. */
function mostBlockRows(input: SubmitRequest['input']): number {
  return hasSlices(input) ? MAX_BLOCK_ROWS : MAX_LISTED_BLOCK_ROWS;
}

function checkBlockRows(asked: number | null, most: number): void {
  if (asked === null || asked <= most) return;
  const message = `a block of listed rows may have up to ${most}, because Redis holds their references. Only blocks of tables and archives may have more`;
  throw new ForebayError('invalid_request', message, { issues: [{ path: '/options/block_rows', message }] });
}

/** Throws ForebayError `invalid_request` if equal rows may have different answers. */
function settleCache(asked: 'on' | 'off' | null, config: FoundModel['config']): 'on' | null {
  if (asked !== 'on') return null;
  const why = whyNotCacheable(config);
  if (why === null) return 'on';
  const message = `the result cache cannot be used: ${why}. Leave "cache" out`;
  throw new ForebayError('invalid_request', message, { issues: [{ path: '/options/cache', message }] });
}

/**
 * Settles which versions of rows the output records. Tables of texts record hashes by default: hashing a text costs next
 * to nothing compared with running a model on it. For rows of numbers it costs a small model 14 % more CPU time (ADR 38),
 * and images are large.
 */
export function withRowVersions(
  options: JobOptions,
  of: { readonly dataset: DatasetSpec; readonly delta: Delta | undefined; readonly input: RowKind | null },
): JobOptions {
  if (options.row_versions !== null) return options;
  const isText = hasSlices(of.dataset) && of.input === 'text';
  return of.delta?.by === 'content' || isText ? { ...options, row_versions: 'content' } : options;
}
