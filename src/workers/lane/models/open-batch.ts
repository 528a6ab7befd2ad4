/**
 * One batch on its way through a model: each row is read, decoded and normalised straight into its slot of the
 * batch's tensor, then the rows that came through are run together.
 */
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import type { Decoder } from '../decode/decoder.ts';
import type { LaneInput, RowLimits } from '../messages.ts';
import type { TensorFiller } from '../preprocess/tensor-filler.ts';
import type { TensorPool } from '../preprocess/tensor-pool.ts';
import type { RowBytes } from '../row-bytes.ts';
import type { Inference, InferenceTimings } from './inference.ts';

export type DecodedRow = { readonly ok: true } | { readonly ok: false; readonly error: RowError };

export interface OpenBatch {
  /**
   * Reads and decodes the row of that slot; work off this thread has started when the call returns. Never rejects.
   */
  decode(slot: number, input: LaneInput): Promise<DecodedRow>;
  /**
   * One outcome for each of these slots, which are decoded and in ascending order. Called once, when no row is being
   * decoded any more, even for no slots: the tensor is another batch's afterwards.
   */
  run(
    slots: readonly number[],
    topK: number,
  ): Promise<{ readonly outcomes: readonly RowOutcome[]; readonly timings: InferenceTimings }>;
}

export function openBatch(
  rows: number,
  parts: {
    readonly rowBytes: RowBytes;
    readonly decoder: Decoder;
    readonly filler: TensorFiller;
    readonly tensors: TensorPool;
    readonly inference: Inference;
    readonly limits: RowLimits;
  },
): OpenBatch {
  const { rowBytes, decoder, filler, tensors, inference, limits } = parts;
  const { rowLength } = filler;
  const tensor = tensors.take(inference.roomFor(rows));

  return {
    async decode(slot, input) {
      try {
        await rowBytes.use(input, limits, async (bytes) =>
          decoder.decodeTo(bytes, (window, geometry) => filler.put(tensor, slot, window, geometry)),
        );
        return { ok: true };
      } catch (error) {
        const code = error instanceof ForebayError ? error.code : 'decode_failed';
        return { ok: false, error: { code, message: messageOf(error) } };
      }
    },

    async run(slots, topK) {
      // Failed rows leave gaps.
      for (const [to, from] of slots.entries()) {
        if (from > to) tensor.copyWithin(to * rowLength, from * rowLength, (from + 1) * rowLength);
      }
      try {
        return await inference.run(tensor, slots.length, topK);
      } finally {
        tensors.giveBack(tensor);
      }
    },
  };
}
