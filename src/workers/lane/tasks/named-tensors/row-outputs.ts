/** The outputs of a call, row by row: as the JSON text of answers, and as numbers for comparing calls. */
import type { RowOutcome } from '../../../../shared/domain/row.ts';
import type { Outputs, TensorValue } from '../tensors.ts';
import type { TensorOutput } from './bind-outputs.ts';
import { copyElements, partOf } from './element-buffer.ts';
import type { Elements } from './element-types.ts';
import { elementsIn, shapeText } from './shape.ts';
import { base64Text, listText } from './value-text.ts';

/** One output of one call. */
export interface RowsOfOutput {
  /** Of one row. */
  readonly shape: readonly number[];
  /** The elements of a row, one after the other. */
  readonly elements: (row: number) => Elements;
  /** Copies the elements of a row into `to`, starting at `at`. */
  readonly copy: (row: number, to: Elements, at: number) => void;
}

/** `batch`: the number of rows in the call. Throws an Error if the batch axis has another size. */
export function rowsOfOutput(output: TensorOutput, outputs: Outputs, batch: number): RowsOfOutput {
  const { dims, data } = outputs[output.name]!;
  const all = data as Elements;
  const { batchAxis, type } = output;
  if (batchAxis === null) {
    return {
      shape: dims,
      elements: () => all,
      copy: (_row, to, at) => copyElements(all, 0, to, at, all.length),
    };
  }
  if (dims[batchAxis] !== batch) throw wrongBatch(output, dims, batch);
  const shape = dims.toSpliced(batchAxis, 1);
  const outer = elementsIn(dims.slice(0, batchAxis));
  const inner = elementsIn(dims.slice(batchAxis + 1));
  const length = outer * inner;
  if (outer === 1 || batch === 1) {
    return {
      shape,
      elements: (row) => partOf(all, row * length, length),
      copy: (row, to, at) => copyElements(all, row * length, to, at, length),
    };
  }
  function copy(row: number, to: Elements, at: number): void {
    for (let block = 0; block < outer; block++) {
      copyElements(all, (block * batch + row) * inner, to, at + block * inner, inner);
    }
  }
  return {
    shape,
    elements(row) {
      const gathered = type.allocate(length);
      copy(row, gathered, 0);
      return gathered;
    },
    copy,
  };
}

function wrongBatch(
  { name, type, batchAxis }: TensorOutput,
  dims: TensorValue['dims'],
  batch: number,
): Error {
  const axis = dims.indexOf(batch);
  const right = axis < 0 ? 'null if all rows share it' : `${axis}`;
  return new Error(
    `the graph returned "${name}" ${type.dtype}${shapeText(dims)} for ${batch} ${batch === 1 ? 'row' : 'rows'}, so axis ${batchAxis} is not its batch axis: in model.json, set outputs.${name}.batch_axis, perhaps to ${right}`,
  );
}

export interface TensorAnswerer {
  /** Answers the first `rows` of a call of `batch` rows. Throws an Error if the outputs are wrong. */
  answers(outputs: Outputs, rows: number, batch: number): RowOutcome[];
}

export function createTensorAnswerer(outputs: readonly TensorOutput[]): TensorAnswerer {
  const texts = outputs.map(({ name, type, isBase64 }) => {
    const text = isBase64 ? base64Text : listText;
    const key = `${JSON.stringify(name)}:`;
    return (elements: Elements, shape: readonly number[]) => `${key}${text(type, elements, shape)}`;
  });
  return {
    answers(all, rows, batch) {
      const found = outputs.map((output) => rowsOfOutput(output, all, batch));
      return Array.from({ length: rows }, (_, row) => {
        const fields = found.map(({ elements, shape }, i) => texts[i]!(elements(row), shape));
        return { ok: true, result: `"outputs":{${fields.join(',')}}` };
      });
    },
  };
}

/**
 * The floats of all outputs per row, for the first `rows` of a call. If there are no floats, it takes the other numbers.
 */
export function rowNumbers(
  outputs: readonly TensorOutput[],
  all: Outputs,
  rows: number,
  batch: number,
): Float32Array[] {
  const numeric = outputs.filter(({ type }) => type.dtype !== 'string');
  const floats = numeric.filter(({ type }) => type.dtype.startsWith('float'));
  const compared = (floats.length > 0 ? floats : numeric).map((output) => ({
    type: output.type,
    ...rowsOfOutput(output, all, batch),
  }));
  return Array.from({ length: rows }, (_, row) => {
    const numbers = compared.flatMap(({ type, elements }) => {
      const own = elements(row);
      return Array.from({ length: own.length }, (_unused, i) => type.number(own, i));
    });
    return Float32Array.from(numbers);
  });
}
