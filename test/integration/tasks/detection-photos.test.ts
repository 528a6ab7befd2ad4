// yolox-nano on photos, against an independent reference in Python (test/golden/make_answers.py). Skipped without
// ../shared/data.
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { loadedLane, testFolder } from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';
import { YOLOX } from '../../support/real-models.ts';

const DATA = resolve(import.meta.dirname, '../../../../shared/data');
const PHOTOS = join(DATA, 'open', 'images');
const GRAPH = join(DATA, 'models', 'yolox-nano.onnx');

type Box = readonly [left: number, top: number, width: number, height: number];
interface Detection {
  readonly index: number;
  readonly score: number;
  readonly box: Box;
}

const golden = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../golden/answers.json'), 'utf8'),
) as {
  readonly yolox: Readonly<Record<string, readonly (readonly number[])[]>>;
};

describe.skipIf(!existsSync(GRAPH))('yolox-nano (skipped without ../shared/data)', () => {
  it('finds the boxes of the reference, within 1 pixel', async () => {
    const lane = await loadedLane(yolox());
    const names = Object.keys(golden.yolox);
    const rows = names.map((name) => ({ path: join(PHOTOS, name), tenant: 'default' }));
    const { outcomes } = await lane.run({ model: 'm', rows, options: { threshold: 0.05 } });
    let boxes = 0;
    for (const [i, name] of names.entries()) {
      const found = detectionsOf(outcomes[i]);
      const expected = golden.yolox[name]!;
      boxes += expected.length;
      expect(found.map(({ index }) => index)).toEqual(expected.map(([index]) => index));
      for (const [n, { score, box }] of found.entries()) {
        const [, wantedScore, ...wanted] = expected[n]!;
        expect(Math.abs(score - wantedScore!)).toBeLessThan(0.001);
        expect(farthest(box, wanted)).toBeLessThan(1);
      }
    }
    expect(boxes).toBeGreaterThan(15);
  }, 60_000);

  it('finds the same box in a photo that is stored rotated, if auto_orient is on', async () => {
    const lane = await loadedLane(yolox({ auto_orient: true }));
    const upright = sharp(readFileSync(join(PHOTOS, 'chelsea.png')));
    const turned = await upright
      .clone()
      .rotate(-90)
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const rows = [{ bytes: await upright.png().toBuffer() }, { bytes: turned }];
    const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
    const [plain, fromTurned] = outcomes.map((outcome) => detectionsOf(outcome)[0]!);
    expect(plain!.index).toBe(15);
    expect(fromTurned!.index).toBe(15);
    expect(farthest(fromTurned!.box, plain!.box)).toBeLessThan(2);
  }, 60_000);
});

function yolox(more: object = {}) {
  const dir = testFolder();
  symlinkSync(GRAPH, join(dir, 'model.onnx'));
  const preprocess = { ...YOLOX.preprocess, ...more };
  const config = checkedConfig({ name: 'yolox-nano', ...YOLOX, preprocess });
  return { dir, config, named: [] };
}

/** The largest distance between corresponding sides. */
function farthest([left, top, width, height]: Box, [l, t, w, h]: readonly number[]): number {
  return Math.max(
    ...[left - l!, top - t!, left + width - l! - w!, top + height - t! - h!].map((d) => Math.abs(d)),
  );
}

function detectionsOf(outcome: RowOutcome | undefined): Detection[] {
  if (outcome?.ok !== true) throw new Error(`a failed row: ${JSON.stringify(outcome)}`);
  return (JSON.parse(`{${outcome.result}}`) as { detections: Detection[] }).detections;
}
