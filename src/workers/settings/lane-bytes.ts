/** The memory of a lane without its models. Measured. */

const MB = 1024 * 1024;

/** Node, onnxruntime, sharp. */
const EMPTY_LANE_BYTES = 110 * MB;
/** Decoding a photo of 12 megapixels: an ordinary JPEG or PNG, at 5 bytes per pixel (decode-memory.ts). */
const LEAST_DECODE_BYTES = 58 * MB;
/** A decode thread: its own JavaScript heap and codecs. */
const EMPTY_THREAD_BYTES = 26 * MB;

/** A lane that decodes by itself, without its models. */
export const LANE_BYTES = EMPTY_LANE_BYTES + LEAST_DECODE_BYTES;
/** A decode thread keeps most of the memory that its largest image took. */
export const DECODE_THREAD_BYTES = EMPTY_THREAD_BYTES + LEAST_DECODE_BYTES;

/** `threads`: decode threads of the lane. 0: the lane has none and decodes by itself. */
export function laneBytesOf(threads: number): number {
  return threads === 0 ? LANE_BYTES : EMPTY_LANE_BYTES + threads * DECODE_THREAD_BYTES;
}

/**
 * Memory for images that a lane decodes at the same time. `spareBytes`: what the empty lane and the models leave of the
 * lane's memory. Decoding gets one half of that, and batches get the other half.
 */
export function decodeBudget(spareBytes: number, threads: number): number {
  return Math.max(1, threads) * LEAST_DECODE_BYTES + Math.max(0, spareBytes) / 2;
}
