/** Reads one vector per text from a graph's output. Pools the vectors of its tokens if necessary. */
import { ForebayError } from '../../../../shared/errors.ts';
import { describeAll, describeTensor, type GraphTensor } from '../../../../shared/models/graph-tensor.ts';
import {
  TEXT_POOLINGS,
  type TextEmbeddingConfig,
  type TextPooling,
} from '../../../../shared/tasks/text-embedding.ts';
import { chooseFloats } from '../choose-floats.ts';
import { toFloat32, type Outputs, type TensorValue } from '../tensors.ts';
import { pool } from './pool.ts';
import { counted } from '../../../../shared/text/counted.ts';

export interface TextVectors {
  readonly output: GraphTensor;
  /**
   * One vector for each of the first rows. `lengths`: the number of tokens of each. Throws an Error if the output has
   * another shape.
   */
  of(outputs: Outputs, lengths: readonly number[]): ArrayLike<number>[];
  /** For BoundTask.numbers: the vector of the first token, which does not depend on the length of the call. */
  sample(outputs: Outputs, rows: number): Float32Array[];
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

type Config = Pick<TextEmbeddingConfig, 'output' | 'pooling' | 'dimensions'>;

/** Throws ForebayError `config_mismatch`. */
export function bindTextVectors(config: Config, outputs: readonly GraphTensor[]): TextVectors {
  const output = choose(config, outputs);
  const pooling = poolingOf(config, output);
  checkDimensions(config, output.shape.at(-1)!);
  const valueOf = (all: Outputs) => all[output.name]!;
  return {
    output,
    of(all, lengths) {
      const { rows, tokens, width, numbers } = read(valueOf(all), output);
      if (rows < lengths.length) throw wrongShape(valueOf(all), output);
      return lengths.map((length, row) => {
        const from = row * tokens * width;
        if (pooling === 'none') return numbers.subarray(from, from + width);
        return pool(numbers.subarray(from, from + tokens * width), Math.min(length, tokens), width, pooling);
      });
    },
    sample(all, count) {
      const { tokens, width, numbers } = read(valueOf(all), output);
      return Array.from({ length: count }, (_, row) =>
        numbers.subarray(row * tokens * width, row * tokens * width + width),
      );
    },
    check: (all) => checkDimensions(config, valueOf(all).dims.at(-1)!),
  };
}

/** Exporters give these names to the vector of a text. This output is preferred to the vectors of the tokens. */
const SENTENCE = /^(sentence_embedding|sentence_embeddings|text_embeds|embedding|embeddings)$/;

function choose(config: Config, outputs: readonly GraphTensor[]): GraphTensor {
  const isVector = ({ shape }: GraphTensor) => shape.length === 3 || shape.length === 2;
  const rank = config.pooling === undefined ? null : config.pooling === 'none' ? 2 : 3;
  return chooseFloats({
    named: config.output,
    outputs,
    fits: isVector,
    prefers: [
      (output) => rank !== null && output.shape.length === rank,
      (output) => rank !== 3 && SENTENCE.test(output.name),
      (output) => rank !== 2 && output.name === 'last_hidden_state',
    ],
    what: 'an embedding is an output [batch, numbers] or [batch, tokens, numbers] of floats',
    holds: 'the embedding',
  });
}

/** `none` for one vector per text. */
function poolingOf({ pooling }: Config, output: GraphTensor): TextPooling {
  const perToken = output.shape.length === 3;
  if (perToken && (pooling === undefined || pooling === 'none')) {
    const choices = TEXT_POOLINGS.filter((name) => name !== 'none').join(', ');
    throw refused(
      `the graph's output ${describeTensor(output)} has one vector per token, and nothing says how they become one: set "pooling" in model.json to ${choices} (1_Pooling/config.json of a sentence-transformers model says which)`,
    );
  }
  if (!perToken && pooling !== undefined && pooling !== 'none') {
    throw refused(
      `pooling is "${pooling}", but the graph's output ${describeTensor(output)} has one vector per text: leave pooling out, or name an output [batch, tokens, numbers]`,
    );
  }
  return perToken ? pooling! : 'none';
}

function checkDimensions({ dimensions }: Config, width: number | string): void {
  if (dimensions === undefined || typeof width !== 'number' || dimensions <= width) return;
  throw refused(
    `dimensions is ${dimensions}, but the graph's embedding has ${counted(width, 'number')}: set it to ${width} or less`,
  );
}

function read(value: TensorValue, output: GraphTensor) {
  const { dims } = value;
  if (dims.length !== output.shape.length) throw wrongShape(value, output);
  const [rows, tokens, width] = dims.length === 3 ? dims : [dims[0]!, 1, dims[1]!];
  return { rows: rows!, tokens: tokens!, width: width!, numbers: toFloat32(value.data) };
}

function wrongShape({ dims }: TensorValue, output: GraphTensor): Error {
  return new Error(`the graph returned [${dims.join(',')}] instead of ${describeAll([output])}`);
}

function refused(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
