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
/**
 * Rows up to this size take about 0.1 ms, and what a call and a block cost beside them is the same for all: they come in
 * batches twice as large (digits of 64x64, CPU ms a row of all processes: 0.180 in batches of 128, 0.209 in 64).
 */
const SMALL_ROW_BYTES = 64 * 1024;
export const MAX_AUTO_BATCH = 128;
/** Blocks hold about four batches: fewer make coordination dear, more make the tail uneven. */
export const BATCHES_PER_BLOCK = 4;
export const MIN_AUTO_BLOCK = 16;

/** Bytes of input tensor of one row, as float32. */
export function inputRowBytes({ preprocess }: ModelContract): number {
  return preprocess.crop ** 2 * 3 * 4;
}

/** Bytes of input tensor that a call is to have, of rows of this size. */
export function targetBytes(rowBytes: number): number {
  return rowBytes <= SMALL_ROW_BYTES ? 2 * TARGET_BYTES : TARGET_BYTES;
}

/** Rows a model call for this contract, a power of two in 1..128 unless the contract names a number. */
export function autoBatchSize(contract: ModelContract): number {
  const { batch_size } = contract.batching;
  if (batch_size !== 'auto') return batch_size;
  const rowBytes = inputRowBytes(contract);
  const power = Math.round(Math.log2(targetBytes(rowBytes) / rowBytes));
  return Math.min(MAX_AUTO_BATCH, Math.max(1, 2 ** power));
}

export function autoBlockRows(batchSize: number): number {
  return Math.max(MIN_AUTO_BLOCK, batchSize * BATCHES_PER_BLOCK);
}
