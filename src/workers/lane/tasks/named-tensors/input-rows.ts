/** The values of one input for the rows of batches, and the tensors that calls make from them. */
import type { TensorValue } from '../tensors.ts';
import type { TensorInput } from './bind-inputs.ts';
import { copyElements, createElementBuffer, partOf, type ElementBuffer } from './element-buffer.ts';
import type { Elements } from './element-types.ts';
import type { ValueReading } from './expected.ts';
import { readValue } from './read-value.ts';
import { elementsIn } from './shape.ts';

/** One batch. Rows are named by their position in it. */
export interface InputRows {
  /** Throws if there is no memory. */
  read(at: number, value: unknown): ValueReading;
  shapeOf(at: number): readonly number[];
  /** The tensor of these rows, whose values have the same shape. Without a batch axis, it is the value of the first row. */
  feed(rows: readonly number[]): TensorValue;
  /** The batch is done, and its memory may be reused. */
  release(): void;
}

export interface InputRowsPool {
  open(): InputRows;
}

/** Free buffers to keep: two for the batch in the model, and two for the batch being prepared. */
const KEPT = 4;

export function createInputRowsPool(input: Pick<TensorInput, 'type' | 'shape' | 'batchAxis'>): InputRowsPool {
  const { type, batchAxis } = input;
  const free: ElementBuffer[] = [];
  const take = () => free.pop() ?? createElementBuffer(type);
  const giveBack = (buffer: ElementBuffer) => {
    buffer.clear();
    if (free.length < KEPT) free.push(buffer);
  };

  function open(): InputRows {
    const buffer = take();
    let gathered: ElementBuffer | null = null;
    const starts: number[] = [];
    const shapes: (readonly number[])[] = [];

    /** Copies rows together that do not lie one after the other, or whose batch axis is not the first. */
    function gather(rows: readonly number[], outer: number, inner: number): Elements {
      gathered ??= take();
      gathered.clear();
      const to = gathered.room(rows.length * outer * inner);
      for (let block = 0; block < outer; block++) {
        for (const [i, row] of rows.entries()) {
          const target = to + (block * rows.length + i) * inner;
          copyElements(buffer.data, starts[row]! + block * inner, gathered.data, target, inner);
        }
      }
      return partOf(gathered.data, to, rows.length * outer * inner);
    }

    return {
      read(at, value) {
        starts[at] = buffer.used;
        const reading = readValue(value, input, buffer);
        if (reading.ok) shapes[at] = reading.shape;
        return reading;
      },
      shapeOf: (at) => shapes[at]!,
      feed(rows) {
        const [first] = rows;
        const start = starts[first!]!;
        const shape = shapes[first!]!;
        const length = elementsIn(shape);
        if (batchAxis === null) {
          return { type: type.dtype, dims: shape, data: partOf(buffer.data, start, length) };
        }
        const dims = shape.toSpliced(batchAxis, 0, rows.length);
        const outer = elementsIn(shape.slice(0, batchAxis));
        const isInPlace =
          rows.length === 1 || (outer === 1 && rows.every((row, i) => starts[row] === start + i * length));
        const data = isInPlace
          ? partOf(buffer.data, start, rows.length * length)
          : gather(rows, outer, elementsIn(shape.slice(batchAxis)));
        return { type: type.dtype, dims, data };
      },
      release() {
        giveBack(buffer);
        if (gathered !== null) giveBack(gathered);
      },
    };
  }

  return { open };
}
