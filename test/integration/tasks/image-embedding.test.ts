// Image embeddings from a lane. The test creates graphs with known answers.
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { loadedLane } from '../../support/lanes.ts';
import { floatOutput, imageModel, picture, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { floats, ints, step } from '../../support/onnx/mean-model.ts';

const WIDTH = 6;
const HEIGHT = 4;
const crop = { width: WIDTH, height: HEIGHT };
const config = { task: 'image-embedding', preprocess: { crop, rescale: 1 }, normalize: false };

const VECTOR: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('image_embeds', 'N', 3)],
  operators: [step('ReduceMean', ['image'], 'image_embeds', { axes: [2, 3], keepdims: 0 })],
};
/** One token per pixel. */
const TOKENS: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('tokens', 'N', 24, 3)],
  operators: [
    step('Reshape', ['image', 'flat'], 'list'),
    step('Transpose', ['list'], 'tokens', { perm: [0, 2, 1] }),
  ],
  weights: [ints('flat', [0, 3, -1])],
};
/** Like TOKENS, with a last dimension of 1, which is ignored. */
const TOKENS_TRAILING: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('tokens', 'N', 24, 3, 1)],
  operators: [
    step('Reshape', ['image', 'flat'], 'list'),
    step('Transpose', ['list'], 'tokens', { perm: [0, 2, 1, 3] }),
  ],
  weights: [ints('flat', [0, 3, -1, 1])],
};
const MAP: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('map', 'N', 3, HEIGHT, WIDTH)],
  operators: [step('Identity', ['image'], 'map')],
};
const MAP_LAST: ImageGraph = {
  shape: ['N', HEIGHT, WIDTH, 3],
  outputs: [floatOutput('map', 'N', HEIGHT, WIDTH, 3)],
  operators: [step('Identity', ['image'], 'map')],
};
const TRAILING: ImageGraph = {
  shape: ['N', 3, HEIGHT, WIDTH],
  outputs: [floatOutput('features', 'N', 3, 1, 1)],
  operators: [step('GlobalAveragePool', ['image'], 'features')],
};

/** The left half has the first colour. */
const halves = async (left: readonly number[], right: readonly number[]) =>
  picture(WIDTH, HEIGHT, (x) => (x < WIDTH / 2 ? left : right) as [number, number, number]);

it.each<[string, ImageGraph, object, number[]]>([
  ['its only vector', VECTOR, {}, [50, 100, 150]],
  ['a vector with trailing dimensions of 1', TRAILING, { pooling: 'none' }, [50, 100, 150]],
  ['the class token', TOKENS, { pooling: 'cls' }, [100, 0, 200]],
  ['the class token before a dimension of 1', TOKENS_TRAILING, { pooling: 'cls' }, [100, 0, 200]],
  ['the mean of all tokens', TOKENS, { pooling: 'mean' }, [50, 100, 150]],
  [
    'the mean of the tokens after the first five',
    TOKENS,
    { pooling: 'mean', prefix_tokens: 5 },
    [47.36842, 105.2632, 147.3684],
  ],
  ['the mean of a map', MAP, { pooling: 'mean' }, [50, 100, 150]],
  ['the mean of a map with its channels last', MAP_LAST, { pooling: 'mean' }, [50, 100, 150]],
  ['the generalised mean of a map', MAP, { pooling: 'gem' }, [79.37006, 158.7401, 165.0964]],
  ['the generalised mean with an exponent of 1', MAP, { pooling: 'gem', gem_p: 1 }, [50, 100, 150]],
])('an embedding is %s', async (_, graph, more, expected) => {
  const lane = await loadedLane(imageModel(graph, { ...config, ...more }));
  const rows = [
    { bytes: await halves([100, 0, 200], [0, 200, 100]) },
    { bytes: await halves([0, 0, 0], [0, 0, 0]) },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(embeddingOf(outcomes[0])).toEqual(expected);
  expect(embeddingOf(outcomes[1])!.every((number) => number <= 1e-6)).toBe(true);
});

it.each([
  ['first', [1, HEIGHT, WIDTH], [2, 3]],
  ['last', [HEIGHT, WIDTH, 1], [1, 2]],
])('an image becomes one grey channel as in Pillow, with channels %s', async (_, shape, axes) => {
  const grey: ImageGraph = {
    shape: ['N', ...shape],
    outputs: [floatOutput('vector', 'N', 1)],
    operators: [step('ReduceMean', ['image'], 'vector', { axes, keepdims: 0 })],
  };
  const preprocess = { crop, rescale: 1, channels: 1, mean: [1] };
  const lane = await loadedLane(imageModel(grey, { ...config, preprocess }));
  const colour = [200, 100, 50];
  const { outcomes } = await lane.run({
    model: 'm',
    rows: [{ bytes: await halves(colour, colour) }],
    options: {},
  });
  // (200 x 19595 + 100 x 38470 + 50 x 7471 + 32768) >> 16 is 124. Preprocessing subtracts the mean, 1.
  expect(embeddingOf(outcomes[0])).toEqual([123]);
});

it('an embedding has length 1 by default, and zeros stay zeros', async () => {
  const lane = await loadedLane(imageModel(VECTOR, { ...config, normalize: undefined }));
  const rows = await Promise.all(
    [
      [3, 0, 4],
      [0, 0, 0],
    ].map(async (colour) => ({ bytes: await halves(colour, colour) })),
  );
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  expect(outcomes.map(embeddingOf)).toEqual([
    [0.6, 0, 0.8],
    [0, 0, 0],
  ]);
});

it('a row whose embedding is not finite is an error, and the others are answered', async () => {
  const logarithm: ImageGraph = {
    ...VECTOR,
    operators: [
      step('ReduceMean', ['image'], 'means', { axes: [2, 3], keepdims: 0 }),
      step('Log', ['means'], 'image_embeds'),
    ],
  };
  const lane = await loadedLane(imageModel(logarithm, config));
  const rows = await Promise.all(
    [
      [0, 1, 1],
      [1, 1, 1],
    ].map(async (colour) => ({ bytes: await halves(colour, colour) })),
  );
  const { outcomes } = await lane.run({
    model: 'm',
    rows: [...rows, { json: '{"text":"no image"}' }],
    options: {},
  });
  expect(outcomes[0]).toMatchObject({ ok: false, error: { code: 'inference_failed' } });
  expect(embeddingOf(outcomes[1])).toEqual([0, 0, 0]);
  expect(outcomes[2]).toMatchObject({ ok: false, error: { code: 'invalid_row' } });
});

it.each<[string, ImageGraph, object, RegExp]>([
  [
    'tokens without a pooling',
    TOKENS,
    {},
    /"tokens" float32\[N,24,3\] has one vector per token.*set "pooling".*cls, mean, gem/,
  ],
  ['a map without a pooling', MAP, {}, /one vector per position of a feature map.*mean, gem/],
  ['a map with the pooling none', MAP, { pooling: 'none' }, /pooling "none" does not say.*mean, gem/],
  ['a map with a class token', MAP, { pooling: 'cls' }, /pooling is "cls", but .* is a feature map/],
  ['a vector with a pooling', VECTOR, { pooling: 'mean' }, /pooling is "mean", but .* one vector per image/],
  [
    'a vector with prefix tokens',
    VECTOR,
    { prefix_tokens: 1 },
    /prefix_tokens is 1, but .* one vector per image: leave prefix_tokens out/,
  ],
  [
    'more prefix tokens than tokens',
    TOKENS,
    { pooling: 'mean', prefix_tokens: 24 },
    /prefix_tokens is 24, but .* 24 tokens/,
  ],
  [
    'an output that is not there',
    VECTOR,
    { output: 'image_embed' },
    /names the output "image_embed", but .*did you mean "image_embeds"/,
  ],
  [
    'two outputs of which the config names none',
    twoVectors(),
    {},
    /nothing says which output holds the embedding.*"output": "image_embeds"/,
  ],
])('a lane does not serve %s', async (_, graph, more, says) => {
  await expect(loadedLane(imageModel(graph, { ...config, ...more }))).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(says) as string,
  });
});

function twoVectors(): ImageGraph {
  return {
    ...VECTOR,
    outputs: [...VECTOR.outputs, floatOutput('text_embeds', 'N', 3)],
    operators: [...VECTOR.operators, step('Mul', ['image_embeds', 'two'], 'text_embeds')],
    weights: [floats('two', [], [2])],
  };
}

function embeddingOf(outcome: RowOutcome | undefined): number[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { embedding: number[] }).embedding;
}
