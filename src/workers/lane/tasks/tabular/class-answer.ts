/** Answers with the best classes of a classifier. */
import { describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { Activation } from '../../../../shared/tasks/classes/activation.ts';
import { isDistribution } from '../../../../shared/tasks/classes/class-scores.ts';
import { answerWriters } from '../answer-writer.ts';
import { createClassifier } from '../classification.ts';
import type { Outputs } from '../tensors.ts';
import type { Answerer } from './answerer.ts';
import type { ClassNames } from './class-names.ts';
import { createLabelTexts } from './label-texts.ts';
import { floatRowsOf, rowsOf } from './output-rows.ts';
import { mismatch } from '../../../../shared/models/mismatch.ts';
import { counted } from '../../../../shared/text/counted.ts';

interface ClassParts {
  readonly scores: GraphTensor;
  /** The output that names the predicted class. It is read only if model.json does not name the classes. */
  readonly label: GraphTensor | null;
  readonly names: ClassNames | null;
  readonly activation: Activation | undefined;
}

export function createClassAnswerer(parts: ClassParts): Answerer {
  const { scores, names, activation } = parts;
  const label = names === null ? parts.label : null;
  const classifier = createClassifier({ labels: names?.list ?? null, activation: activation ?? 'none' });
  const labelTexts = createLabelTexts();
  const openAnswers = answerWriters();

  function numbers(outputs: Outputs, rows: number, batch: number): Float32Array[] {
    const { width, data } = floatRowsOf(outputs, scores, batch);
    return Array.from({ length: rows }, (_, row) => data.subarray(row * width, (row + 1) * width));
  }

  return {
    outputs: label === null ? [scores] : [scores, label],
    numbers,
    answers(outputs, rows, batch, topK) {
      const { width, data } = floatRowsOf(outputs, scores, batch);
      const labels = label === null ? null : rowsOf(outputs, label, batch).data;
      const answers = openAnswers(rows);
      for (let row = 0; row < rows; row++) {
        const name = labels === null ? null : labelTexts(labels[row]!);
        classifier.write(answers, { numbers: data, from: row * width, count: width }, topK, null, name);
      }
      return answers.end();
    },
    check(outputs, batch) {
      const [sample] = numbers(outputs, 1, batch);
      checkClasses(parts, sample!);
    },
  };
}

/** `sample`: one row of the output. */
function checkClasses({ scores, names, activation }: ClassParts, sample: Float32Array): void {
  const width = sample.length;
  const says = `the graph's output is ${describeTensor(scores)}`;
  if (width === 1 && (activation === undefined || activation === 'softmax')) {
    throw mismatch(
      activation === 'softmax' ? 'softmax makes a single score 1' : 'model.json names classes',
      says,
      `set "activation" to "sigmoid" if its number is a logit, or to "none" if it is a score from 0 to 1`,
    );
  }
  if (names !== null) {
    const { length } = names.list;
    // One logit tells two classes apart.
    if (length === width || (length === 2 && width === 1 && activation === 'sigmoid')) return;
    throw mismatch(
      `${names.source} has ${counted(length, 'name')}`,
      `${says}, with ${width} per row`,
      `give ${counted(width, 'name')}`,
    );
  }
  if (activation !== undefined || isDistribution(sample)) return;
  throw mismatch(
    'nothing says that the output holds class scores, and its numbers are not probabilities',
    says,
    `name the classes with "classes", set "activation" to "softmax", "sigmoid" or "none", or set "output": ["${scores.name}"] to get its numbers as they are`,
  );
}
