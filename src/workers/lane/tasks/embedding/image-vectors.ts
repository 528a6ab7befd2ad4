/** Reads one vector per image from a graph's output. Pools the vectors of tokens or of a feature map if necessary. */
import { ForebayError } from '../../../../shared/errors.ts';
import {
  describeTensor,
  flattened,
  type GraphTensor,
  type Layout,
} from '../../../../shared/models/graph-tensor.ts';
import {
  IMAGE_POOLINGS,
  type ImageEmbeddingConfig,
  type ImagePooling,
} from '../../../../shared/tasks/image-embedding.ts';
import { chooseFloats } from '../choose-floats.ts';
import { floatRows } from '../rows-of-output.ts';
import type { Outputs } from '../tensors.ts';
import { poolImage, type VectorLayout } from './pool-image.ts';
import { counted } from '../../../../shared/text/counted.ts';

export interface ImageVectors {
  readonly output: GraphTensor;
  /** One vector for each of the first `rows` of a call. Throws an Error if the output has another shape. */
  of(outputs: Outputs, rows: number): Float32Array[];
  /** See BoundTask.check. */
  check(outputs: Outputs): void;
}

const GEM_P = 3;

/**
 * `layout`: of the graph's input. A feature map is assumed to have the same layout. Throws ForebayError
 * `config_mismatch`.
 */
export function bindImageVectors(
  config: ImageEmbeddingConfig,
  outputs: readonly GraphTensor[],
  layout: Layout,
  fixedBatch: number | null,
): ImageVectors {
  const output = choose(config, outputs);
  const pooling = poolingOf(config, output);
  const { gem_p = GEM_P, prefix_tokens = 0 } = config;

  /** `all`: the output's dimensions. Trailing ones of size 1 do not count, as in the choice of the pooling. */
  function layoutFor(all: readonly number[]): VectorLayout {
    const dims = all.slice(0, flattened(output.shape).length);
    const [, a, b, c] = dims as [number, number, number, number];
    const places = dims.length === 4;
    if (places && layout === 'nchw') return { start: 0, vectors: b * c, width: a, apart: 1, step: b * c };
    const [vectors, width] = places ? [a * b, c] : [a, b];
    const skipped = pooling === 'cls' ? 0 : prefix_tokens;
    return { start: skipped * width, vectors: vectors - skipped, width, apart: width, step: 1 };
  }

  return {
    output,
    of(all, rows) {
      const value = all[output.name]!;
      const found = floatRows(value, rows, fixedBatch ?? rows, output.shape.length);
      if (pooling === 'none') return found;
      const layoutOfRow = layoutFor(value.dims);
      return found.map((numbers) => poolImage(numbers, layoutOfRow, pooling, gem_p));
    },
    check(all) {
      const { dims } = all[output.name]!;
      if (pooling !== 'none' && layoutFor(dims).vectors < 1) {
        throw refused(
          `prefix_tokens is ${prefix_tokens}, but the graph's output "${output.name}" has ${counted(dims[1]!, 'token')}: at least one must remain`,
        );
      }
    },
  };
}

function choose(config: ImageEmbeddingConfig, outputs: readonly GraphTensor[]): GraphTensor {
  const rank = ({ shape }: GraphTensor) => flattened(shape).length;
  const { pooling } = config;
  return chooseFloats({
    named: config.output,
    outputs,
    fits: (output) => rank(output) >= 2 && rank(output) <= 4,
    prefers: [
      (output) => pooling !== undefined && (rank(output) === 2) === (pooling === 'none'),
      (output) => pooling !== 'none' && pooling !== undefined && output.name === 'last_hidden_state',
    ],
    what: 'an embedding is an output of floats: [batch, numbers], [batch, tokens, numbers] or a feature map of four dimensions',
    holds: 'the embedding',
  });
}

function poolingOf({ pooling, prefix_tokens }: ImageEmbeddingConfig, output: GraphTensor): ImagePooling {
  const rank = flattened(output.shape).length;
  const what = `the graph's output ${describeTensor(output)}`;
  if (rank === 2) {
    const needless = (field: string, value: string) =>
      refused(
        `${field} is ${value}, but ${what} has one vector per image: leave ${field} out, or name another output`,
      );
    if (pooling !== undefined && pooling !== 'none') throw needless('pooling', `"${pooling}"`);
    if (prefix_tokens !== undefined && prefix_tokens > 0)
      throw needless('prefix_tokens', String(prefix_tokens));
    return 'none';
  }
  const parts = rank === 3 ? 'token' : 'position of a feature map';
  if (pooling === undefined || pooling === 'none') {
    const missing = pooling === undefined ? 'nothing says' : 'pooling "none" does not say';
    const choices = IMAGE_POOLINGS.filter((name) => name !== 'none' && (rank === 3 || name !== 'cls'));
    throw refused(
      `${what} has one vector per ${parts}, and ${missing} how they become one: set "pooling" in model.json to ${choices.join(', ')}`,
    );
  }
  if (rank === 4 && pooling === 'cls') {
    throw refused(
      `pooling is "cls", but ${what} is a feature map without a class token: set pooling to mean or gem`,
    );
  }
  if (rank === 4 && prefix_tokens !== undefined && prefix_tokens > 0) {
    throw refused(
      `prefix_tokens is ${prefix_tokens}, but ${what} is a feature map without tokens: leave prefix_tokens out`,
    );
  }
  return pooling;
}

function refused(message: string): ForebayError {
  return new ForebayError('config_mismatch', message);
}
