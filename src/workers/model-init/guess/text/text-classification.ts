/** Guesses the config of a classifier of texts. Pure. */
import {
  classesOf,
  describeTensor,
  isFloat,
  isNumberPerRow,
  rankOf,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { isNamedAsOther } from '../../../../shared/tasks/classes/class-scores.ts';
import { USUAL_TOP_K } from '../../../../shared/tasks/classes/predictions.ts';
import type { Hints } from '../../hints.ts';
import { chooseActivation } from '../choose-activation.ts';
import { chosenOutput } from '../chosen-output.ts';
import { fittingLabels } from '../chosen-labels.ts';
import { endOf } from '../ends-in.ts';
import { BATCHING, type ConfigGuess, type Guesser } from '../guesser.ts';
import { takesTokens, textFields, TOKENS } from './text-model.ts';

export const textClassification: Guesser = {
  task: 'text-classification',
  takes: `${TOKENS}, and an output [batch, classes]`,
  takesInputs: takesTokens,
  fits: (face, { beside: { text }, labels, activation }) =>
    text !== null &&
    face.outputs.some((output) => {
      if (!isScores(output)) return false;
      const isLabelled = labels !== null && classesOf(output.shape) === labels.names.length;
      return isLabelled || activation !== undefined || isNamed(output) || endOf(face, output) !== null;
    }),
  guess,
};

const isScores = (output: GraphTensor) =>
  isFloat(output) && (rankOf(output) === 2 || isNumberPerRow(output.shape));

function isNamed(output: GraphTensor): boolean {
  return /logit|score|prob|class/i.test(output.name) && !isNamedAsOther(output);
}

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const facts: string[] = [];
  const guesses: string[] = [];
  const shared = textFields(face, hints, facts);
  const output = chosenOutput(hints, {
    outputs: face.outputs,
    fits: isScores,
    prefers: [
      (output) => rankOf(output) === 2,
      ({ shape }) => classesOf(shape) === hints.labels?.names.length,
      isNamed,
    ],
    what: 'a classifier of texts has an output [batch, classes] of floats',
    holds: 'the class scores',
  });
  facts.push(`output  ${describeTensor(output)}`);
  const classes = classesOf(output.shape);
  const labels = fittingLabels(hints, classes, guesses);
  const activation = chooseActivation(face, output, labels !== null, hints);
  facts.push(...activation.facts);
  guesses.push(...activation.guesses);
  const config = {
    name,
    task: 'text-classification',
    ...shared,
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    activation: activation.value,
    top_k: Math.min(USUAL_TOP_K, classes === 1 ? (labels?.length ?? 1) : (classes ?? USUAL_TOP_K)),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}
