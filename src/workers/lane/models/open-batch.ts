/**
 * One batch on its way through a model. Each row is read, decoded and normalised straight into its slot of the batch's tensor.
 * Then the rows that decoded are run together. If there is no memory for the tensor, the batch is decoded and run in halves.
 */
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { RowError, RowOutcome } from '../../../shared/domain/row.ts';
import type { Decoder } from '../image/decode/decoder.ts';
import type { LaneInput } from '../messages.ts';
import { isOutOfMemory } from '../out-of-memory.ts';
import type { TensorFiller } from '../image/normalise/tensor-filler.ts';
import type { TensorPool } from '../image/normalise/tensor-pool.ts';
import type { RowBytes } from '../rows/row-bytes.ts';
import type { Answer, Inference, InferenceTimings } from './inference.ts';

export type DecodedRow = { readonly ok: true } | { readonly ok: false; readonly error: RowError };

export interface OpenBatch {
  /**
   * Reads and decodes the row of that slot, synchronously if nothing has to wait. Work on other threads has started when the
   * call returns. Never throws or rejects.
   */
  decode(slot: number, input: LaneInput): DecodedRow | Promise<DecodedRow>;
  /**
   * Returns one outcome for each of these slots, whose rows were decoded, in ascending order. Must be called once after
   * all decoding, even for no slots. Afterwards, the tensor belongs to another batch.
   */
  run(
    slots: readonly number[],
  ): Promise<{ readonly outcomes: readonly RowOutcome[]; readonly timings: InferenceTimings }>;
}

interface Parts {
  readonly rowBytes: RowBytes;
  readonly decoder: Decoder;
  readonly filler: Pick<TensorFiller, 'put' | 'rowLength'>;
  readonly tensors: TensorPool;
  readonly inference: Pick<Inference, 'roomFor' | 'run'>;
  readonly answer: Answer;
}

/** Does not throw if memory runs out. Instead, the batch is run in parts, or its rows fail with `out_of_memory`. */
export function openBatch(rows: number, parts: Parts): OpenBatch {
  try {
    return openWhole(rows, parts);
  } catch (error) {
    if (!isOutOfMemory(error)) throw error;
    return rows > 1 ? openInHalves(rows, parts) : openNone(error);
  }
}

const DECODED: DecodedRow = { ok: true };

function notDecoded(error: unknown): DecodedRow {
  const otherwise = isOutOfMemory(error) ? 'out_of_memory' : 'decode_failed';
  const code = error instanceof ForebayError ? error.code : otherwise;
  return { ok: false, error: { code, message: messageOf(error) } };
}

function openWhole(rows: number, parts: Parts): OpenBatch {
  const { rowBytes, decoder, filler, tensors, inference, answer } = parts;
  const { rowLength } = filler;
  const tensor = tensors.take(inference.roomFor(rows));

  return {
    decode(slot, input) {
      try {
        const done = rowBytes.use(input, (bytes) =>
          decoder.decodeTo(bytes, (window, geometry) => filler.put(tensor, slot, window, geometry)),
        );
        return done instanceof Promise ? done.then(() => DECODED, notDecoded) : DECODED;
      } catch (error) {
        return notDecoded(error);
      }
    },

    async run(slots) {
      // Closes the gaps of failed rows.
      for (const [to, from] of slots.entries()) {
        if (from > to) tensor.copyWithin(to * rowLength, from * rowLength, (from + 1) * rowLength);
      }
      try {
        return await inference.run(tensor, slots.length, answer);
      } finally {
        tensors.giveBack(tensor);
      }
    },
  };
}

/** Only records the rows at first. Each half gets its tensor when the previous half has released its own. */
function openInHalves(rows: number, parts: Parts): OpenBatch {
  const half = Math.ceil(rows / 2);
  const inputs: LaneInput[] = [];

  async function runPart(slots: readonly number[]) {
    const part = openBatch(slots.length, parts);
    const decoded = await Promise.all(slots.map(async (slot, i) => part.decode(i, inputs[slot]!)));
    const good = decoded.flatMap(({ ok }, i) => (ok ? [i] : []));
    const { outcomes, timings } = await part.run(good);
    const answers = outcomes.values();
    return { outcomes: decoded.map((row): RowOutcome => (row.ok ? answers.next().value! : row)), timings };
  }

  return {
    decode(slot, input) {
      inputs[slot] = input;
      return DECODED;
    },
    async run(slots) {
      const outcomes: RowOutcome[] = [];
      const sum: InferenceTimings = { prepareMs: 0, inferMs: 0, postMs: 0 };
      for (let from = 0; from < slots.length; from += half) {
        const part = await runPart(slots.slice(from, from + half));
        outcomes.push(...part.outcomes);
        sum.prepareMs += part.timings.prepareMs;
        sum.inferMs += part.timings.inferMs;
        sum.postMs += part.timings.postMs;
      }
      return { outcomes, timings: sum };
    },
  };
}

/** Not even one row fits. */
function openNone(why: unknown): OpenBatch {
  const error: RowError = {
    code: 'out_of_memory',
    message: `no memory for the model's input of this row alone: ${messageOf(why)}`,
  };
  return {
    decode: () => ({ ok: false, error }),
    run: async () => ({ outcomes: [], timings: { prepareMs: 0, inferMs: 0, postMs: 0 } }),
  };
}
