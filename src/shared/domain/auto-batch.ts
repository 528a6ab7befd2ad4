/**
 * Batch and block size where nobody chose: computable from the config alone, so that the API (which
 * never opens a graph) and workers agree.
 */
import type { ModelConfig } from './model-config.ts';

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
const MIN_AUTO_BLOCK = 16;
/**
 * A block costs all processes 6 ms of CPU beside busy lanes, whatever its rows: of small ones it needs many (digits, rows/s:
 * 18,600 in blocks of 512, 19,400 in 1,024, 20,400 in 2,048). More would hold back a job's first results: 1,024 take 60 ms.
 */
const MIN_SMALL_ROWS_BLOCK = 1_024;

/** Bytes of input tensor of one row, as float32. */
export function inputRowBytes({ preprocess }: ModelConfig): number {
  return preprocess.crop ** 2 * 3 * 4;
}

/** Bytes of input tensor that a call is to have, of rows of this size. */
export function targetBytes(rowBytes: number): number {
  return hasSmallRows(rowBytes) ? 2 * TARGET_BYTES : TARGET_BYTES;
}

/** Rows a model call for this config, a power of two in 1..128 unless the config names a number. */
export function autoBatchSize(config: ModelConfig): number {
  const { batch_size } = config.batching;
  if (batch_size !== 'auto') return batch_size;
  const rowBytes = inputRowBytes(config);
  const power = Math.round(Math.log2(targetBytes(rowBytes) / rowBytes));
  return Math.min(MAX_AUTO_BATCH, Math.max(1, 2 ** power));
}

/** Null: nothing is known of the rows. */
export function autoBlockRows(batchSize: number, config: ModelConfig | null): number {
  return Math.max(minBlockRows(config), batchSize * BATCHES_PER_BLOCK);
}

/** Rows that a block has at least where nobody chose. */
export function minBlockRows(config: ModelConfig | null): number {
  return config !== null && hasSmallRows(inputRowBytes(config)) ? MIN_SMALL_ROWS_BLOCK : MIN_AUTO_BLOCK;
}

function hasSmallRows(rowBytes: number): boolean {
  return rowBytes <= SMALL_ROW_BYTES;
}
