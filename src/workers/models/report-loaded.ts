/** Reports what there is to know about a model that has just been loaded. */
import { batchAdvice } from '../../shared/domain/batch-invariance.ts';
import type { ModelRef } from '../../shared/domain/model-config.ts';
import type { Logger } from '../../shared/observe/logger.ts';
import type { LoadedModel } from './served-model.ts';

export function logLoaded(
  log: Logger,
  { name, hash }: ModelRef,
  { info, sizing }: LoadedModel,
  { lanes, tunedAt }: { lanes: number; tunedAt: string | null },
): void {
  log.info(
    {
      model: name,
      hash: hash.slice(0, 12),
      lanes,
      batch_size: sizing.batch.value,
      ...(tunedAt !== null && { tuned_at: tunedAt }),
      load_ms: Math.round(info.loadMs),
    },
    'model resident',
  );
  const advice = info.batchInvariance && batchAdvice(name, info.batchInvariance);
  // Only information here: the command line warns before a job.
  if (advice) log.info({ model: name, ...info.batchInvariance }, advice);
  const { mode, jpeg } = info.decoder;
  if (mode === 'fast' && jpeg !== 'turbo-native') {
    log.warn(
      { model: name, jpeg },
      jpeg === 'sharp'
        ? 'decode is "fast", but with icc "convert" or auto_orient JPEGs are decoded by sharp'
        : 'decode is "fast", but @julusian/jpeg-turbo is not installed: JPEGs are decoded as with "exact"',
    );
  }
}
