/**
 * Chooses batch and block size if nobody else did. Both follow from the config alone, so that workers and the API, which
 * never opens a graph, agree.
 */
import { MAX_BLOCK_ROWS } from '../domain/job/job-options.ts';
import { deviceOf } from '../domain/model/device.ts';
import type { ModelConfig } from '../domain/model/model-config.ts';
import { rowKindOf, taskOf } from './task-descriptions.ts';

/**
 * Bytes of input tensor per model call on CPU: four RGB float images of 224 x 224. Larger batches of large images are not
 * faster there (docs/adr/0013).
 */
export const CALL_BYTES = 4 * 224 * 224 * 3 * 4;
/** Rows up to this size take so little time that the fixed cost of a call matters. Their batches are twice as large. */
const SMALL_ROW_BYTES = 64 * 1024;
/**
 * Up to this size, a row of a table or of tensors is tiny. A model call costs little more for a thousand of them than
 * for a hundred (docs/adr/0013).
 */
const TINY_ROW_BYTES = 1024;
const MAX_AUTO_BATCH = 128;
/** The batch size to assume for a model whose config only a worker knows. */
export const FALLBACK_BATCH = 4;
/** The target on a GPU, which needs many rows to be busy: 64 images of 224 x 224. Not measured yet (docs/gpu.md). */
const DEVICE_TARGET_BYTES = 64 * 224 * 224 * 3 * 4;
export const MAX_DEVICE_BATCH = 256;
const MAX_TINY_ROWS_BATCH = 1_024;
/** Batches per block. Fewer make coordination expensive, and more make lanes end at different times. */
export const BATCHES_PER_BLOCK = 4;
/**
 * A block has a fixed cost (6 ms of CPU over all processes), so it needs many rows, and small rows need more. An even
 * larger block would delay a job's first results, and it would make lanes end at different times.
 */
const MIN_AUTO_BLOCK = 32;
/** For rows that each fill a whole call. A model takes long for each of them. */
const MIN_LARGE_ROWS_BLOCK = 16;
const MIN_SMALL_ROWS_BLOCK = 1_024;
/** A small image takes less time than other small rows, because its model is small, too. */
const MIN_SMALL_IMAGES_BLOCK = 2_048;
const MIN_TINY_ROWS_BLOCK = 8_192;
/** Bytes of input tensors in a block of tiny rows. Rows of up to 16 numbers come in the largest blocks. */
const TINY_ROWS_BLOCK_BYTES = 2 * 1024 * 1024;

/**
 * The weights of a graph up to this size stay in the caches of a processor from call to call. Then calls with half as many
 * images leave more of the model in the caches of the core, and take less CPU (docs/adr/0013).
 */
export const CACHED_WEIGHTS_BYTES = 16 * 1024 * 1024;

/** Bytes of one row's input tensors, as float32. */
export function inputRowBytes(config: ModelConfig): number {
  return taskOf(config).inputBytes(config);
}

/** Bytes of one row's input tensors in a model call. */
export function callRowBytes(config: ModelConfig): number {
  return taskOf(config).callBytes?.(config) ?? inputRowBytes(config);
}

/** Bytes of input tensor that a call should have, for rows of this size. */
export function targetBytes(rowBytes: number): number {
  return hasSmallRows(rowBytes) ? 2 * CALL_BYTES : CALL_BYTES;
}

/** The target for a model, on the CPU or on a device. */
export function targetOf(config: ModelConfig): number {
  return deviceOf(config) === null ? targetBytes(callRowBytes(config)) : DEVICE_TARGET_BYTES;
}

/** The largest automatic batch of this config. */
export function maxAutoBatch(config: ModelConfig): number {
  const { mostAutoRows } = taskOf(config);
  if (mostAutoRows !== undefined) return mostAutoRows;
  if (hasTinyRows(config, callRowBytes(config))) return MAX_TINY_ROWS_BATCH;
  return deviceOf(config) === null ? MAX_AUTO_BATCH : MAX_DEVICE_BATCH;
}

/** Whether calls have half as many rows if the graph has at most CACHED_WEIGHTS_BYTES. Only workers know that. */
export function halvesIfCached(config: ModelConfig): boolean {
  const rows = autoBatchSize(config);
  const isLargeImage = rowKindOf(config) === 'image' && !hasSmallRows(callRowBytes(config));
  return isLargeImage && deviceOf(config) === null && rows >= 4 && rows < maxAutoBatch(config);
}

/** Rows per model call for this config. A power of two, unless the config sets a number. */
export function autoBatchSize(config: ModelConfig): number {
  const { batch_size } = config.batching;
  if (batch_size !== 'auto') return batch_size;
  const power = Math.round(Math.log2(targetOf(config) / callRowBytes(config)));
  return Math.min(maxAutoBatch(config), Math.max(1, 2 ** power));
}

/** `config`: null if nothing is known about the rows. `sharesBytes`: see minBlockRows. */
export function autoBlockRows(batchSize: number, config: ModelConfig | null, sharesBytes = false): number {
  return Math.max(minBlockRows(config, sharesBytes), batchSize * BATCHES_PER_BLOCK);
}

/**
 * Minimum rows of a block if nobody chose their number. `sharesBytes`: the rows of a block share a limit of bytes, for
 * joined values or for references in Redis. Larger blocks would leave too few for each row.
 */
export function minBlockRows(config: ModelConfig | null, sharesBytes = false): number {
  if (config === null || taskOf(config).mostAutoRows !== undefined) return MIN_AUTO_BLOCK;
  const rowBytes = inputRowBytes(config);
  if (hasTinyRows(config, rowBytes)) return sharesBytes ? MIN_TINY_ROWS_BLOCK : tinyRowsBlock(rowBytes);
  if (hasSmallRows(rowBytes))
    return rowKindOf(config) === 'image' ? MIN_SMALL_IMAGES_BLOCK : MIN_SMALL_ROWS_BLOCK;
  return rowBytes > CALL_BYTES ? MIN_LARGE_ROWS_BLOCK : MIN_AUTO_BLOCK;
}

/** A row takes about a microsecond, or longer if it has many numbers. A block should take tens of milliseconds. */
function tinyRowsBlock(rowBytes: number): number {
  const power = 2 ** Math.floor(Math.log2(TINY_ROWS_BLOCK_BYTES / rowBytes));
  return Math.min(MAX_BLOCK_ROWS, Math.max(MIN_TINY_ROWS_BLOCK, power));
}

/** Only rows of tables and tensors count as tiny. An image is never tiny, because it must be decoded. */
function hasTinyRows(config: ModelConfig, rowBytes: number): boolean {
  const input = rowKindOf(config);
  return (input === 'features' || input === 'tensors') && rowBytes <= TINY_ROW_BYTES;
}

/** Whether the fixed cost of a model call counts for rows of this size. */
export function hasSmallRows(rowBytes: number): boolean {
  return rowBytes <= SMALL_ROW_BYTES;
}
