/** Guesses the config of a model that labels the tokens of texts. Pure. */
import { describeTensor, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { Hints } from '../../hints.ts';
import { chosenOutput } from '../chosen-output.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from '../guesser.ts';
import { LOGITS_GUESS, shownActivation } from '../shown-activation.ts';
import { takesTokens, textFields, TOKENS } from './text-model.ts';
import { counted } from '../../../../shared/text/counted.ts';

export const tokenClassification: Guesser = {
  task: 'token-classification',
  takes: `${TOKENS}, and an output [batch, tokens, labels] that fits the labels`,
  takesInputs: takesTokens,
  // The logits of a language model have the same shape, so labels must confirm the task.
  fits: ({ outputs }, { beside: { text }, labels }) =>
    text !== null &&
    labels !== null &&
    outputs.some((output) => isScores(output) && output.shape[2] === labels.names.length),
  guess,
};

const isScores = (output: GraphTensor) => isFloat(output) && rankOf(output) === 3;

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const facts: string[] = [];
  const guesses: string[] = [];
  const shared = textFields(face, hints, facts);
  const output = chosenOutput(hints, {
    outputs: face.outputs,
    fits: isScores,
    prefers: [({ shape }) => shape[2] === hints.labels?.names.length, (one) => one.name === 'logits'],
    what: 'a model that labels tokens has an output [batch, tokens, labels] of floats',
    holds: 'the scores of the labels',
  });
  facts.push(`output  ${describeTensor(output)}`);
  checkLabels(output, hints);
  const activation = shownActivation(face, output, hints.activation, facts);
  if (activation === null) guesses.push(LOGITS_GUESS);
  const config = {
    name,
    task: 'token-classification',
    ...shared,
    labels: 'labels.txt',
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    activation: activation ?? 'softmax',
    aggregation: 'simple',
    batching: BATCHING,
  };
  guesses.push('aggregation "simple": neighbouring tokens of one label are one entity');
  return { config, facts, guesses };
}

function checkLabels(output: GraphTensor, { labels }: Hints): void {
  const classes = output.shape[2];
  const what = `the output ${describeTensor(output)} has ${typeof classes === 'number' ? classes : 'some'} labels per token`;
  if (labels === null) {
    throw mismatch(
      `${what}, and nothing names them: put labels.txt, one label per line such as B-PER, beside the graph`,
    );
  }
  if (typeof classes !== 'number' || classes === labels.names.length) return;
  throw mismatch(`${what}, but ${labels.source} has ${counted(labels.names.length, 'name')}`);
}
