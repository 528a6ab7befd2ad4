/** Guesses the config of an image classifier from its graph and the hints, and lists where each value comes from. Pure. */
import { isNamedAsOther, possibleOutputs } from '../../../../shared/tasks/classes/class-scores.ts';
import {
  classesOf,
  describeAll,
  describeTensor,
  flattened,
  isNumberPerRow,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import type { Hints } from '../../hints.ts';
import { chooseActivation } from '../choose-activation.ts';
import { fittingLabels } from '../chosen-labels.ts';
import { BATCHING, mismatch, type ConfigGuess, type Guesser } from '../guesser.ts';
import { guessPreprocess } from './guess-preprocess.ts';
import { imageInput, IMAGES, takesOneImage } from './image-input.ts';

export const imageClassification: Guesser = {
  task: 'image-classification',
  takes: `one input ${IMAGES}, and an output [batch, classes]`,
  takesInputs: takesOneImage,
  fits({ outputs }, { activation, labels }) {
    // The scores of boxes have the same shape.
    if (outputs.some(({ name }) => /box/i.test(name))) return false;
    const isSaid = activation !== undefined || labels !== null;
    return outputs.some((output) => {
      if (isSaid && isNumberPerRow(output.shape)) return true;
      return flattened(output.shape).length === 2 && (isSaid || !isNamedAsOther(output));
    });
  },
  guess: guessConfig,
};

/** Throws ForebayError `config_mismatch` if the graph is not an image classifier, or a flag must decide something. */
function guessConfig(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const {
    tensor,
    channels,
    facts: read,
  } = imageInput(face, `an image classifier has one input ${IMAGES}, and an output [batch, classes]`);
  const output = chosenOutput(face, hints);
  const facts = [...read, `output  ${describeTensor(output)}`];
  const guesses: string[] = [];
  const preprocess = guessPreprocess(tensor, channels, hints, guesses);
  const classes = classesOf(output.shape);
  const labels = fittingLabels(hints, classes, guesses);
  const activation = chooseActivation(face, output, labels !== null, hints);
  guesses.push(...activation.guesses);
  facts.push(...activation.facts);
  const config = {
    name,
    task: 'image-classification',
    preprocess,
    ...(labels === null ? {} : { labels: 'labels.txt' }),
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    activation: activation.value,
    top_k: Math.min(5, classes === 1 ? (labels?.length ?? 1) : (classes ?? 5)),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}

function chosenOutput(face: GraphFace, hints: Hints): GraphTensor {
  const labels = hints.labels?.names ?? null;
  const [named, ...more] = hints.outputNames;
  if (more.length > 0) throw mismatch('an image classifier has one output: give --output-name once');
  const [first, ...others] = possibleOutputs({ output: named }, labels, face.outputs);
  if (others.length === 0) return first!;
  throw mismatch(
    `the graph has several outputs that could be class scores: ${describeAll([first!, ...others])}; say which with --output-name, such as --output-name ${first!.name}`,
  );
}
