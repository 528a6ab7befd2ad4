// If a lane cannot answer a row, that row ends as an error with a code. The answers of the other rows stay the same.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { codeOf, LIMITS, loadedLane, plain, predictionsOf, testFolder } from '../../support/lanes.ts';
import { meanColourModel, writeModelFolder } from '../../support/onnx/models.ts';
import { darkOnlyModel, logarithmModel } from '../../support/onnx/special-models.ts';

const SIDE = 8;
const config = { name: 'm', task: 'image-classification', preprocess: { crop: SIDE } };

function colourModel(batch?: number) {
  const classes = [0, 1, 2].map((i) => [0, 1, 2].map((j) => Number(i === j)));
  const graph = meanColourModel({ classes, side: SIDE, ...(batch !== undefined && { batch }) });
  return writeModelFolder(testFolder(), graph, config, ['red', 'green', 'blue']);
}

it('no row sees what an earlier batch left in the tensor', async () => {
  for (const batch of [undefined, 4]) {
    const lane = await loadedLane(colourModel(batch));
    const broken = { bytes: Buffer.from('no image') };
    // 4 x 4 pixels within 8 x 8 black ones, so the mean is a quarter of the colour.
    const runs = Array.from({ length: 12 }, async (_, i) => {
      const colour = 20 * (i + 1);
      const small = { bytes: await plain(colour, colour - 12, 0, SIDE / 2) };
      const full = { bytes: await plain(0, colour, 0, SIDE) };
      const rows = [[full, full, full, full, full], [broken, small, broken, full], [small], [broken, broken]][
        i % 4
      ]!;
      const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 3 } });
      const expected = rows.map((row) =>
        row === broken
          ? 'unsupported_format'
          : row === full
            ? [0, colour, 0]
            : [colour / 4, (colour - 12) / 4, 0],
      );
      expect(outcomes.map((o) => (o.ok ? means(o) : codeOf(o)))).toEqual(expected);
    });
    await Promise.all(runs);
  }
});

/** The means of red, green and blue, from 0 to 255. */
function means(outcome: RowOutcome): number[] {
  const scores = predictionsOf(outcome).toSorted((a, b) => a.index - b.index);
  return scores.map(({ score }) => Math.round(score * 255 * 100) / 100);
}

it('a lane opens local files itself, and each bad file becomes one coded error that names no path', async () => {
  const dir = testFolder();
  const file = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(dir, name), content);
    return { path: join(dir, name), tenant: 'default' };
  };
  mkdirSync(join(dir, 'folder'));
  symlinkSync(join(dir, 'loop'), join(dir, 'loop'));
  const good = await plain(0, 255, 0);
  const bomb = Buffer.from(good);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  const lane = await loadedLane(colourModel());
  const rows = [
    file('odd [1] name.png[0]', good),
    { path: join(dir, 'absent.jpg'), tenant: 'default' },
    { path: join(dir, 'folder'), tenant: 'default' },
    { path: join(dir, 'loop'), tenant: 'default' },
    file('empty.jpg', ''),
    file('big.jpg', Buffer.alloc(LIMITS.maxFileBytes + 1)),
    file('text.jpg', 'not an image'),
    file('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
    file('cut.png', good.subarray(0, 60)),
    file('bomb.png', bomb),
    { bytes: new Uint8Array() },
    { bytes: good },
  ];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual([
    'ok',
    'file_not_found',
    'file_unreadable',
    'file_unreadable',
    'empty_file',
    'file_too_large',
    'unsupported_format',
    'unsupported_format',
    'decode_failed',
    'too_many_pixels',
    'empty_file',
    'ok',
  ]);
  const messages = outcomes.flatMap((o) => (o.ok ? [] : [o.error.message]));
  expect(messages.filter((m) => m.includes(dir) || m.includes('\n'))).toEqual([]);
});

it('a batch that fails is retried row by row, so that only the guilty row fails', async () => {
  const dir = testFolder();
  const lane = await loadedLane(writeModelFolder(dir, darkOnlyModel(SIDE), config));
  const rows = await Promise.all([10, 250, 20].map(async (v) => ({ bytes: await plain(v, v, v) })));
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes.map(codeOf)).toEqual(['ok', 'inference_failed', 'ok']);
});

it('logits of minus infinity become probabilities of 0', async () => {
  const graph = logarithmModel(SIDE, 1);
  const lane = await loadedLane(writeModelFolder(testFolder(), graph, { ...config, softmax: true }));
  const rows = [{ bytes: await plain(0, 0, 0) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 2 } });
  expect(predictionsOf(outcomes[0])).toEqual([
    { index: 1, score: 1 },
    { index: 0, score: 0 },
  ]);
});

it('a row whose scores are not numbers is an error, and the others are answered', async () => {
  const lane = await loadedLane(writeModelFolder(testFolder(), logarithmModel(SIDE), config));
  const rows = [{ bytes: await plain(0, 0, 0) }, { bytes: await plain(255, 255, 255) }];
  const { outcomes } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
  expect(outcomes[0]).toEqual({
    ok: false,
    error: { code: 'inference_failed', message: 'the model returned -Infinity (class 0)' },
  });
  expect(predictionsOf(outcomes[1])).toEqual([{ index: 0, score: 0 }]);
});
