/** Guesses the config of a model that turns texts into vectors. Pure. */
import { describeTensor, isFloat, rankOf, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import type { GraphFace } from '../../../../shared/models/onnx-graph.ts';
import { isNamedAsOther } from '../../../../shared/tasks/classes/class-scores.ts';
import { TEXT_POOLINGS } from '../../../../shared/tasks/text-embedding.ts';
import type { Hints } from '../../hints.ts';
import { chosenOutput } from '../chosen-output.ts';
import { choosePooling, NORMALIZED } from '../choose-pooling.ts';
import { BATCHING, type ConfigGuess, type Guesser } from '../guesser.ts';
import { takesTokens, textFields, TOKENS } from './text-model.ts';

export const textEmbedding: Guesser = {
  task: 'text-embedding',
  takes: `${TOKENS}, and outputs whose names say that they hold vectors`,
  takesInputs: takesTokens,
  fits: ({ outputs }, { beside: { text } }) =>
    text !== null && outputs.every((output) => isVectors(output) && isNamedAsOther(output)),
  guess,
};

function isVectors(output: GraphTensor): boolean {
  return isFloat(output) && (rankOf(output) === 2 || rankOf(output) === 3);
}

/** Exporters give these names to the vector of a text. */
const WHOLE = /^(sentence_embeddings?|text_embeds|embeddings?)$/;

function guess(face: GraphFace, name: string, hints: Hints): ConfigGuess {
  const facts: string[] = [];
  const guesses: string[] = [];
  const told = hints.beside.text?.fields ?? {};
  const shared = textFields(face, hints, facts);
  const isWhole = hints.pooling === undefined || hints.pooling === 'none';
  const output = chosenOutput(hints, {
    outputs: face.outputs,
    fits: isVectors,
    prefers: [
      (one) => hints.pooling !== undefined && (rankOf(one) === 2) === (hints.pooling === 'none'),
      (one) => isWhole && WHOLE.test(one.name),
      (one) => told['pooling'] !== undefined && rankOf(one) === 3,
      (one) => !isWhole && one.name === 'last_hidden_state',
    ],
    what: 'an embedding is an output [batch, numbers] or [batch, tokens, numbers] of floats',
    holds: 'the embedding',
  });
  facts.push(`output  ${describeTensor(output)}`);
  const isOne = rankOf(output) === 2;
  const choices = TEXT_POOLINGS.filter((one) => one !== 'none');
  const isTold = !isOne && hints.pooling === undefined && told['pooling'] !== undefined;
  const pooling = isTold ? told['pooling'] : choosePooling(output, isOne, choices, hints, facts);
  if (told['normalize'] === undefined) guesses.push(NORMALIZED);
  const config = {
    name,
    task: 'text-embedding',
    ...shared,
    ...(face.outputs.length > 1 ? { output: output.name } : {}),
    pooling,
    normalize: told['normalize'] ?? true,
    ...(told['prompts'] === undefined ? {} : { prompts: told['prompts'] }),
    ...(told['prompt'] === undefined ? {} : { prompt: told['prompt'] }),
    batching: BATCHING,
  };
  return { config, facts, guesses };
}
