/** Settles the options that a request leaves open, from the model or from the job in an output. */
import { autoBatchSize, autoBlockRows } from '../../../shared/domain/model/auto-batch.ts';
import type { JobOptions, JobSpec } from '../../../shared/domain/job/job.ts';
import type { SubmitRequest } from '../../http/wire/submit-request.ts';
import type { FoundModel } from '../../models/model-catalog.ts';

/** For a model whose config only a worker knows. */
const FALLBACK = { batchSize: 4, topK: 5 };

/** Block boundaries are fixed here. A resumed job keeps those of the parts that it adopts. */
export function settleOptions(
  request: SubmitRequest,
  { config, batchSize }: Pick<FoundModel, 'config' | 'batchSize'>,
  earlier: JobSpec | null,
): JobOptions {
  const { if_output_exists: _, ...options } = request.options;
  // The batch size on workers is known from the graph or from measurements. The formula only estimates it.
  const auto = batchSize ?? (config ? autoBatchSize(config) : FALLBACK.batchSize);
  const batch = options.batch_size ?? auto;
  return {
    ...options,
    block_rows: earlier?.options.block_rows ?? options.block_rows ?? autoBlockRows(batch, config),
    top_k: options.top_k ?? config?.top_k ?? FALLBACK.topK,
  };
}
