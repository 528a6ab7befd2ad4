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
import { LOGITS_GUESS, shownActivation, withReason } from './shown-activation.ts';

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
  const facts: string[] = [];
  const classes = classesOf(output.shape);
  if (wanted === 'softmax' && classes === 1) throw askForActivation(output, 'softmax makes every score 1');
  if (wanted === undefined && isNamedAsOther(output) && !hasLabels)
    throw askForActivation(output, 'its name says that it holds something else');
  const isConstant = classes === 1 && endOf(face, output) === 'Softmax';
  const shown = wanted === undefined && isConstant ? null : shownActivation(face, output, wanted, facts);
  if (shown !== null) return { value: shown, facts, guesses: [] };
  if (classes === 1) throw askForActivation(output, 'it is one number per row');
  // The reader of config.json already reports this value as a fact.
  if (beside.activation !== null) return { value: beside.activation, facts: [], guesses: [] };
  if (beside.architecture?.endsWith('Classification') === true) {
    const why = `heads of transformers return logits (config.json: ${beside.architecture})`;
    return { value: withReason('softmax', why, facts), facts, guesses: [] };
  }
  const isScores =
    hasLabels || (classes !== null && isImageNet(classes)) || /logit|score|class/i.test(output.name);
  if (!isScores) throw askForActivation(output, 'it may be an embedding');
  return { value: 'softmax', facts, guesses: [LOGITS_GUESS] };
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
