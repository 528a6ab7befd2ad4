/** Guesses the config of a model that gives each pixel a class. Pure. */
import { describeTensor, isFloat, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { Hints } from '../../hints.ts';
import { chosenOutput } from '../chosen-output.ts';
import { fittingLabels } from '../chosen-labels.ts';
import { shownActivation, withReason } from '../shown-activation.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from '../guesser.ts';
import { guessPreprocess } from './guess-preprocess.ts';
import { imageInput, IMAGES, takesOneImage } from './image-input.ts';

export const imageSegmentation: Guesser = {
  task: 'image-segmentation',
  takes: `one input ${IMAGES}, and a map of class numbers, or one whose name or labels show that it holds classes`,
  takesInputs: takesOneImage,
  fits: ({ outputs }, { labels }) =>
    outputs.some(
      (output) =>
        isMap(output) &&
        (isNumbers(output) || /seg|mask/i.test(output.name) || isLabelled(output, labels?.names.length)),
    ),
  guess,
};

const NUMBERS: readonly string[] = ['int64', 'int32', 'uint8', 'bool'];

const isNumbers = ({ type }: GraphTensor) => NUMBERS.includes(type);

function isMap(output: GraphTensor): boolean {
  const { shape } = output;
  const rank = shape.length;
  if (isNumbers(output)) return rank === 3 || (rank === 4 && (shape[1] === 1 || shape[3] === 1));
  return isFloat(output) && rank === 4 && !(shape[2] === 1 && shape[3] === 1);
}

function isLabelled({ shape }: GraphTensor, names: number | undefined): boolean {
  return names !== undefined && shape.length === 4 && (shape[1] === names || shape[3] === names);
}

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const what =
    'a segmentation is an output [batch, classes, height, width], or [batch, height, width] of numbers';
  const { tensor, channels, facts: read } = imageInput(face, what);
  const output = chosenOutput(hints, {
    outputs: face.outputs,
    fits: isMap,
    prefers: [(one) => isLabelled(one, hints.labels?.names.length), ({ name: own }) => /seg|mask/i.test(own)],
    what,
    holds: 'the map of classes',
  });
  const facts = [...read, `output  ${describeTensor(output)}`];
  const guesses: string[] = [];
  const preprocess = guessPreprocess(tensor, channels, hints, guesses, 'whole');
  const isFloats = !isNumbers(output);
  const classes = isFloats ? classesOf(output, hints) : null;
  const labels = fittingLabels(hints, classes, guesses, false);
  const activation = isFloats ? activationOf(face, output, classes, hints, facts) : null;
  guesses.push('ignore: none; add "ignore": [0] if class 0 is the background');
  const config = {
    name,
    task: 'image-segmentation',
    preprocess,
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    ...(activation === null ? {} : { activation }),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

/** Null if the graph does not say. */
function classesOf({ shape }: GraphTensor, { labels }: Hints): number | null {
  const fitting = [shape[1], shape[3]].find((dim) => dim === labels?.names.length);
  const classes = fitting ?? shape[1];
  return typeof classes === 'number' ? classes : null;
}

/** Throws ForebayError `config_mismatch` if the flag must decide. */
function activationOf(
  face: GraphFace,
  output: GraphTensor,
  classes: number | null,
  { activation, beside }: Hints,
  facts: string[],
): string {
  const shown = shownActivation(face, output, activation, facts);
  if (shown !== null) return shown;
  if (classes !== 1 && beside.architecture?.endsWith('ForSemanticSegmentation') === true) {
    return withReason('softmax', 'heads of transformers return logits (config.json)', facts);
  }
  const several = classes === 1 ? '' : 'softmax (logits, one class per pixel), ';
  throw mismatch(
    `nothing says how the numbers of the map ${describeTensor(output)} become scores: pass --activation ${several}sigmoid (independent logits) or none (scores already)`,
  );
}
