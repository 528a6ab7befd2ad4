/**
 * Batch and block size where nobody chose: computable from the contract alone, so that the API (which
 * never opens a graph) and workers agree.
 */
import type { ModelContract } from './model-contract.ts';

/**
 * Bytes of input tensor a model call should see on CPU: four 224x224 RGB float images. Larger batches of
 * large images gain nothing there (int8 MobileNetV2: 18.7 / 8.1 / 11.7 ms an image at batch 1 / 4 / 16).
 */
const TARGET_BYTES = 4 * 224 * 224 * 3 * 4;
export const MAX_AUTO_BATCH = 64;
/** Blocks hold about four batches: fewer make coordination dear, more make the tail uneven. */
export const BATCHES_PER_BLOCK = 4;
export const MIN_AUTO_BLOCK = 16;

/** Rows a model call for this contract, a power of two in 1..64 unless the contract names a number. */
export function autoBatchSize(contract: ModelContract): number {
  const { batch_size } = contract.batching;
  if (batch_size !== 'auto') return batch_size;
  const sampleBytes = contract.preprocess.crop ** 2 * 3 * 4;
  const power = Math.round(Math.log2(TARGET_BYTES / sampleBytes));
  return Math.min(MAX_AUTO_BATCH, Math.max(1, 2 ** power));
}

export function autoBlockRows(batchSize: number): number {
  return Math.max(MIN_AUTO_BLOCK, batchSize * BATCHES_PER_BLOCK);
}
