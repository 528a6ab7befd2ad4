/** Emits the events about a model that has just been loaded. */
import { batchAdvice } from '../../shared/domain/model/batch-invariance.ts';
import type { Emit } from '../../shared/observe/events.ts';
import type { LoadedModel } from './served-model.ts';

export function reportLoaded(
  emit: Emit,
  version: { model: string; hash: string },
  { info, sizing }: LoadedModel,
  { lanes, tunedAt, notes }: { lanes: number; tunedAt: string | null; notes: readonly string[] },
): void {
  const { model } = version;
  emit('model.loaded', {
    ...version,
    lanes,
    batch_size: sizing.batch.value,
    ...(tunedAt !== null && { tuned_at: tunedAt }),
    load_ms: Math.round(info.loadMs),
  });
  const { batchInvariance } = info;
  const advice = batchInvariance && batchAdvice(model, batchInvariance);
  if (advice) emit('model.batch_variant', { model, ...batchInvariance, advice });
  for (const note of [...notes, ...info.notes]) emit('model.note', { model, note });
}
