/** Guesses the config of a model that turns images into vectors. Pure. */
import {
  describeTensor,
  flattened,
  isFloat,
  type GraphTensor,
} from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { isNamedAsOther } from '../../../../shared/tasks/classes/class-scores.ts';
import { IMAGE_POOLINGS } from '../../../../shared/tasks/image-embedding.ts';
import type { Hints } from '../../hints.ts';
import { chosenOutput } from '../chosen-output.ts';
import { choosePooling, NORMALIZED } from '../choose-pooling.ts';
import { BATCHING, type ConfigGuess, type Guesser } from '../guesser.ts';
import { guessPreprocess } from './guess-preprocess.ts';
import { imageInput, IMAGES, takesOneImage } from './image-input.ts';

export const imageEmbedding: Guesser = {
  task: 'image-embedding',
  takes: `one input ${IMAGES}, and only outputs whose names say that they hold embeddings`,
  takesInputs: takesOneImage,
  fits({ outputs }, { activation, labels }) {
    if (activation !== undefined || labels !== null) return false;
    return outputs.every((output) => isVectors(output) && isNamedAsOther(output));
  },
  guess,
};

const flatRankOf = ({ shape }: GraphTensor) => flattened(shape).length;

function isVectors(output: GraphTensor): boolean {
  return isFloat(output) && flatRankOf(output) >= 2 && flatRankOf(output) <= 4;
}

/** Exporters give these names to the vector of an image. */
const WHOLE = /^(image_embeds?|image_embeddings?|embeddings?)$/;

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const what = 'an image embedding is an output [batch, numbers], [batch, tokens, numbers] or a feature map';
  const { tensor, channels, facts: read } = imageInput(face, what);
  const output = chosenOutput(hints, {
    outputs: face.outputs,
    fits: isVectors,
    prefers: [
      (one) => hints.pooling !== undefined && (flatRankOf(one) === 2) === (hints.pooling === 'none'),
      ({ name: own }) => hints.pooling === undefined && WHOLE.test(own),
    ],
    what,
    holds: 'the embedding',
  });
  const facts = [...read, `output  ${describeTensor(output)}`];
  const guesses: string[] = [];
  const preprocess = guessPreprocess(tensor, channels, hints, guesses);
  const choices = IMAGE_POOLINGS.filter(
    (one) => one !== 'none' && (flatRankOf(output) === 3 || one !== 'cls'),
  );
  const pooling = choosePooling(output, flatRankOf(output) === 2, choices, hints, facts);
  guesses.push(NORMALIZED);
  const config = {
    name,
    task: 'image-embedding',
    preprocess,
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    pooling,
    normalize: true,
    batching: BATCHING,
  };
  return { config, facts, guesses };
}
