/** Answers with the one number of a regression. */
import type { GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import { answerWriters } from '../answer-writer.ts';
import { float32Text } from '../../../../shared/text/float32-text.ts';
import { toFloat32, type Outputs, type TensorValues } from '../tensors.ts';
import { inferenceFailed, type Answerer } from './answerer.ts';
import { rowsOf } from './output-rows.ts';

export function createValueAnswerer(output: GraphTensor): Answerer {
  const openAnswers = answerWriters();

  function valuesOf(outputs: Outputs, batch: number): TensorValues {
    const { width, data } = rowsOf(outputs, output, batch);
    if (width === 1) return data;
    throw new Error(`the graph returned ${width} numbers per row in "${output.name}" instead of one`);
  }

  return {
    outputs: [output],
    numbers(outputs, rows, batch) {
      const data = toFloat32(valuesOf(outputs, batch));
      return Array.from({ length: rows }, (_, row) => data.subarray(row, row + 1));
    },
    answers(outputs, rows, batch) {
      const raw = valuesOf(outputs, batch);
      // A double has more digits than a float32.
      const isDouble = raw instanceof Float64Array;
      const data = isDouble ? raw : toFloat32(raw);
      const answers = openAnswers(rows);
      for (let row = 0; row < rows; row++) {
        const value = data[row]!;
        if (!Number.isFinite(value)) answers.fail(inferenceFailed(`the model returned ${value}`));
        else {
          answers.text(`"value":${isDouble ? value : float32Text(value)}`);
          answers.endRow();
        }
      }
      return answers.end();
    },
    check: (outputs, batch) => void valuesOf(outputs, batch),
  };
}
