/** The output of a classifier's graph: which one it is, and its numbers per row. All classification tasks share it. */
import type { Outcomes } from '../../../shared/domain/outcomes.ts';
import { classesOf, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import { activationOf, type ClassesConfig } from '../../../shared/tasks/classes/activation.ts';
import { checkScores, chooseOutput } from '../../../shared/tasks/classes/class-scores.ts';
import { answerWriters } from './answer-writer.ts';
import { createClassifier } from './classification.ts';
import { readLabels } from './read-labels.ts';
import type { ModelFiles } from './task.ts';
import { toFloat32, type Outputs, type TensorValue } from './tensors.ts';

export interface ClassOutput {
  readonly output: GraphTensor;
  /** The numbers of each of the first `rows`. Throws an Error if the output has another shape. */
  numbers(outputs: Outputs, rows: number): Float32Array[];
  /** Of the first `rows`. See Classifier.write. Throws an Error if the output has another shape. */
  answers(outputs: Outputs, rows: number, topK: number, threshold: number | null): Outcomes;
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

/** Throws ForebayError `config_mismatch`, and `model_load_failed` if the labels cannot be read. */
export function bindClassOutput(
  config: ClassesConfig,
  outputs: readonly GraphTensor[],
  files: ModelFiles,
  fixedBatch: number | null,
): ClassOutput {
  const labels = readLabels(files);
  const output = chooseOutput(config, labels, outputs);
  checkScores({ config, labels, output, classes: classesOf(output.shape), sample: null });
  const openAnswers = answerWriters();
  const classifier = createClassifier({ labels, activation: activationOf(config) });
  const numbers = (all: Outputs, rows: number) => {
    const { floats, classes } = rowsOf(all[output.name]!, fixedBatch ?? rows);
    return Array.from({ length: rows }, (_, row) => floats.subarray(row * classes, (row + 1) * classes));
  };
  return {
    output,
    numbers,
    answers(all, rows, topK, threshold) {
      const { floats, classes } = rowsOf(all[output.name]!, fixedBatch ?? rows);
      const answers = openAnswers(rows);
      for (let row = 0; row < rows; row++) {
        const its = { numbers: floats, from: row * classes, count: classes };
        classifier.write(answers, its, topK, threshold, null);
      }
      return answers.end();
    },
    check(all) {
      const [sample] = numbers(all, 1);
      checkScores({ config, labels, output, classes: sample!.length, sample: sample! });
    },
  };
}

/** `batch`: the number of rows in the call. */
function rowsOf(
  { dims, data }: TensorValue,
  batch: number,
): { readonly floats: Float32Array; readonly classes: number } {
  const classes = classesOf(dims);
  if (dims[0] !== batch || classes === null || data.length !== batch * classes) {
    throw new Error(`the graph returned [${dims.join(',')}] instead of [${batch}, classes]`);
  }
  return { floats: toFloat32(data), classes };
}
