// Boxes around connected areas of a map, as text detectors return them.
import { expect, it } from 'vitest';
import { loadedLane } from '../../support/lanes.ts';
import { floatOutput, imageModel, picture, type ImageGraph } from '../../support/onnx/image-graph.ts';
import { step } from '../../support/onnx/mean-model.ts';

const SIDE = 32;
const config = {
  task: 'object-detection',
  head: 'map',
  preprocess: { resize: { width: SIDE, height: SIDE }, crop: SIDE, interpolation: 'nearest' },
  grow: 0,
};

/** The brightness of the image. */
const MAP: ImageGraph = {
  shape: ['N', 3, SIDE, SIDE],
  outputs: [floatOutput('map', 'N', 1, SIDE, SIDE)],
  operators: [step('ReduceMean', ['image'], 'map', { axes: [1], keepdims: 1 })],
};

/** Three areas. One has an extra pixel that touches it only diagonally, and one is faint. */
async function page(width: number, height: number): Promise<Uint8Array> {
  const shade = (x: number, y: number) => {
    if (x >= 2 && x < 12 && y >= 4 && y < 8) return 255;
    if (x === 12 && y === 8) return 255;
    if (x >= 20 && x < 30 && y >= 20 && y < 24) return 204;
    return x < 10 && y >= 28 ? 102 : 0;
  };
  return picture(width, height, (x, y) => {
    const value = shade(Math.floor((x * SIDE) / width), Math.floor((y * SIDE) / height));
    return [value, value, value];
  });
}

async function boxes(more: object, options: object, size = SIDE) {
  const lane = await loadedLane(imageModel(MAP, { ...config, ...more }, ['text']));
  const rows = [{ bytes: await page(size, size) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { ...options } });
  if (!outcomes[0]!.ok) throw new Error(outcomes[0]!.error.message);
  const { detections } = JSON.parse(`{${outcomes[0]!.result}}`) as {
    detections: readonly { score: number; box: readonly number[] }[];
  };
  return detections.map(({ score, box }) => [score, ...box]);
}

it('each connected area has a box, in pixels of the original image', async () => {
  expect(await boxes({}, {})).toEqual([
    [1, 2, 4, 11, 5],
    [0.8, 20, 20, 10, 4],
    [0.4, 0, 28, 10, 4],
  ]);
  expect(await boxes({}, {}, 64)).toEqual([
    [1, 4, 8, 22, 10],
    [0.8, 40, 40, 20, 8],
    [0.4, 0, 56, 20, 8],
  ]);
});

it('the map has its own threshold, and a job may set the threshold of the scores', async () => {
  expect(await boxes({ map_threshold: 0.5 }, {})).toHaveLength(2);
  expect(await boxes({ threshold: 0.9 }, {})).toHaveLength(1);
  expect(await boxes({}, { threshold: 0.5 })).toHaveLength(2);
});

it('boxes grow on each side by grow x area / circumference, and end at the border of the image', async () => {
  const [, second, third] = await boxes({ grow: 1.4 }, {});
  // 1.4 x 10 x 4 / 28 = 2 on each side.
  expect(second).toEqual([0.8, 18, 18, 14, 8]);
  // The third one touches the left and the lower border.
  expect(third).toEqual([0.4, 0, 26, 12, 6]);
  // With 10 on each side, the second one reaches beyond the right and the lower border.
  const [, wide] = await boxes({ grow: 7 }, {});
  expect(wide).toEqual([0.8, 10, 10, 22, 22]);
});

it('a map with fewer classes than labels is refused', async () => {
  const model = imageModel(MAP, config, ['a', 'b']);
  await expect(loadedLane(model)).rejects.toMatchObject({
    code: 'config_mismatch',
    message: expect.stringMatching(/has 2 names, but .* has 1 class/) as string,
  });
});
