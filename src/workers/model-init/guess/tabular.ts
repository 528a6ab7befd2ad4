/** Guesses the config of a tabular model, as skl2onnx and Keras write them, from its graph and the hints. Pure. */
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { describeAll, flattened, type GraphTensor } from '../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../shared/models/onnx-graph.ts';
import { USUAL_TOP_K } from '../../../shared/tasks/classes/predictions.ts';
import { chooseAnswer, widthOf, type Answer } from '../../../shared/tasks/tabular/choose-answer.ts';
import type { Hints } from '../hints.ts';
import { endOf } from './ends-in.ts';
import { guessColumns } from './guess-columns.ts';
import { BATCHING, type ConfigGuess, type Guesser } from './guesser.ts';
import { counted } from '../../../shared/text/counted.ts';

export const tabular: Guesser = {
  task: 'tabular',
  takes: 'inputs [batch, features] of numbers or strings, and outputs [batch] or [batch, values]',
  takesInputs: (face) => face.inputs.length > 0 && face.inputs.every((input) => isFeatures(input, face)),
  fits: ({ outputs }) => outputs.every(isPerRow),
  guess,
};

const USUAL_TYPES: readonly string[] = ['float32', 'float64', 'int64', 'int32', 'string'];
/** Inputs of these types are features only beside operators of tables. */
const RARE_TYPES: readonly string[] = ['bool', 'int16', 'int8', 'uint32', 'uint16', 'uint8'];
/** Wider inputs are waveforms or embeddings, whose features have no names. */
const MOST_FEATURES = 1_024;
/** Inputs of text models have the same shape. */
const TOKENS = /(^|_)(ids|mask|tokens?|type_ids|positions?)$/i;
/** Operators of ai.onnx.ml, which only models of tables have. */
const TABLE_OPERATOR =
  /^(TreeEnsemble|SVM|Linear(Classifier|Regressor)|Scaler$|Imputer$|OneHotEncoder|LabelEncoder|FeatureVectorizer|ArrayFeatureExtractor|Normalizer$|ZipMap)/;

function isFeatures({ name, type, shape }: GraphTensor, face: GraphFace): boolean {
  if (!USUAL_TYPES.includes(type) && !(RARE_TYPES.includes(type) && hasTableOperator(face))) return false;
  if (shape.length !== 2 || TOKENS.test(name)) return false;
  const width = shape[1]!;
  if (typeof width === 'number') return width >= 1 && width <= MOST_FEATURES;
  return hasTableOperator(face);
}

function hasTableOperator({ operators }: GraphFace): boolean {
  return [...operators.values()].some(({ type }) => TABLE_OPERATOR.test(type));
}

function isPerRow({ shape }: GraphTensor): boolean {
  return flattened(shape).length <= 2;
}

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const [only, ...more] = hints.outputNames;
  if (only === undefined || more.length > 0) {
    return guessWith(more.length > 0 ? hints.outputNames : undefined, face, name, hints);
  }
  const found = guessWith(only, face, name, hints);
  // The user wants this output, and only a run shows whether its numbers are scores.
  const isOpen = hints.labels === null && hints.activation === undefined;
  return isOpen ? { ...found, otherwise: guessWith([only], face, name, hints) } : found;
}

function guessWith(output: Output, face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const facts = [`inputs  ${describeAll(face.inputs)}`, `outputs ${describeAll(face.outputs)}`];
  const guesses: string[] = [];
  const columns = guessColumns(face.inputs, hints, facts, guesses);
  const answer = answerOf(face, output, hints);
  const isClasses = answer.is === 'classes';
  const activation = hints.activation ?? (isClasses ? activationFrom(face, answer.scores) : undefined);
  const labels = isClasses ? labelsFor(answer, hints, guesses) : null;
  describeAnswer(answer, face, facts, guesses);
  const config = {
    name,
    task: 'tabular',
    columns,
    ...(output === undefined && face.outputs.length === 1 ? {} : { output: output ?? namesOf(answer) }),
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(activation === undefined ? {} : { activation }),
    ...(isClasses ? { top_k: topK(answer.scores) } : {}),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

function answerOf(face: GraphFace, output: Output, { activation, labels }: Hints): Answer {
  try {
    return chooseAnswer({ output, activation }, labels?.names ?? null, face.outputs);
  } catch (cause) {
    const flags =
      output === undefined
        ? '. Here, name it with --output-name, once for each output'
        : '. --output-name names an output';
    throw new ForebayError('config_mismatch', `${messageOf(cause)}${flags}`, { cause });
  }
}

type Output = string | readonly string[] | undefined;

function namesOf(answer: Answer): Output {
  if (answer.is === 'classes') return answer.scores.name;
  return answer.is === 'value' ? answer.output.name : answer.outputs.map((output) => output.name);
}

function activationFrom(face: GraphFace, scores: GraphTensor): 'none' | undefined {
  const end = endOf(face, scores);
  return end === null || (end === 'Softmax' && widthOf(scores) === 1) ? undefined : 'none';
}

function labelsFor(
  answer: Extract<Answer, { is: 'classes' }>,
  { labels }: Hints,
  guesses: string[],
): readonly string[] | null {
  if (labels !== null) {
    const width = widthOf(answer.scores);
    if (width === null || labels.names.length === width || width === 1) return labels.names;
    guesses.push(
      `labels: none; ${labels.source} has ${counted(labels.names.length, 'name')}, but the output has ${counted(width, 'class', 'classes')}`,
    );
  } else if (answer.label === null) {
    guesses.push('classes: none, so answers have only the index of a class; name them with "classes": [..]');
  }
  return null;
}

function describeAnswer(answer: Answer, face: GraphFace, facts: string[], guesses: string[]): void {
  if (answer.is === 'outputs') {
    facts.push(`answer  the outputs ${answer.outputs.map(({ name }) => `"${name}"`).join(', ')} as they are`);
    return;
  }
  if (answer.is === 'classes') {
    const named = answer.label === null ? '' : `, with the class names of "${answer.label.name}"`;
    facts.push(`answer  classes: the scores of "${answer.scores.name}"${named}`);
    return;
  }
  const { name } = answer.output;
  guesses.push(
    endOf(face, answer.output) === 'Sigmoid'
      ? `answer: the number of "${name}". It is from 0 to 1; if it is the score of a class, pass --activation none`
      : `answer: the number of "${name}", as in a regression. If it is a logit, pass --activation sigmoid`,
  );
}

function topK(scores: GraphTensor): number {
  return Math.min(USUAL_TOP_K, widthOf(scores) ?? USUAL_TOP_K);
}
