/**
 * Decides whether a graph's output holds logits or scores. If nothing shows which, asks for the flag, because a wrong
 * guess would give wrong answers that look right. Pure.
 */
import type { Activation } from '../../../shared/tasks/classes/activation.ts';
import { ForebayError } from '../../../shared/errors.ts';
import { isImageNet, isNamedAsOther } from '../../../shared/tasks/classes/class-scores.ts';
import { classesOf, describeTensor, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import type { Hints } from '../hints.ts';
import { endOf } from './ends-in.ts';

interface ChosenActivation {
  readonly value: Activation;
  readonly facts: readonly string[];
  readonly guesses: readonly string[];
}

/** Throws ForebayError `config_mismatch` if a flag must decide. */
export function chooseActivation(
  face: GraphFace,
  output: GraphTensor,
  hasLabels: boolean,
  { activation: wanted, beside }: Hints,
): ChosenActivation {
  const fact = (value: Activation, why: string) => ({
    value,
    facts: [`activation "${value}": ${why}`],
    guesses: [],
  });
  const classes = classesOf(output.shape);
  if (wanted === 'softmax' && classes === 1) throw askForActivation(output, 'softmax makes every score 1');
  if (wanted !== undefined) return fact(wanted, '--activation says so');
  if (isNamedAsOther(output) && !hasLabels)
    throw askForActivation(output, 'its name says that it holds something else');
  const ending = endOf(face, output);
  if (ending !== null && !(ending === 'Softmax' && classes === 1)) {
    return fact('none', `the graph ends in ${ending} already`);
  }
  if (classes === 1) throw askForActivation(output, 'it is one number per row');
  // The reader of config.json already reports this value as a fact.
  if (beside.activation !== null) return { value: beside.activation, facts: [], guesses: [] };
  if (beside.architecture?.endsWith('Classification') === true) {
    return fact('softmax', `heads of transformers return logits (config.json: ${beside.architecture})`);
  }
  const isScores =
    hasLabels || (classes !== null && isImageNet(classes)) || /logit|score|class/i.test(output.name);
  if (!isScores) throw askForActivation(output, 'it may be an embedding');
  const guess = 'activation "softmax": the graph ends without one, so its outputs count as logits';
  return { value: 'softmax', facts: [], guesses: [guess] };
}

function askForActivation(output: GraphTensor, why: string): ForebayError {
  const single = classesOf(output.shape) === 1;
  const meanings = single
    ? '--activation sigmoid if it is a logit, none if it is a score from 0 to 1 already'
    : '--activation softmax if they are logits, sigmoid if they are independent logits, none if they are scores already';
  const labels = single ? '' : ', or put labels.txt, one class name per line, beside the graph';
  return new ForebayError(
    'config_mismatch',
    `nothing says that the output ${describeTensor(output)} holds class scores (${why}). If it does, pass ${meanings}${labels}. Embeddings have the task image-embedding or text-embedding; other numbers are served as they are with --task tensors`,
  );
}
