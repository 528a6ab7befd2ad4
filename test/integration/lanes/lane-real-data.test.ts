// A lane with real models, real photos and broken images. Skipped without ../shared/data.
import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { ERROR_CODES } from '#forebay/shared/errors.js';
import {
  codeOf,
  loadedOwnLane,
  peakMemoryMb,
  plain,
  predictionsOf,
  testFolder,
  type TestLane,
} from '../../support/lanes.ts';
import { checkedConfig } from '../../support/onnx/models.ts';

const DATA = resolve(import.meta.dirname, '../../../../shared/data');
const hasData = existsSync(DATA);
const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const CAFFE = { color_order: 'bgr', rescale: 1, mean: [103.939, 116.779, 123.68] };

describe.skipIf(!hasData)('on ../shared/data (skipped without that folder)', () => {
  const photos = hasData ? filesIn('photos') : [];
  const odd = hasData ? filesIn('odd') : [];

  it('MobileNetV2 names at least 157 of 200 photos correctly, with the same answers in batches of 1, 4 and 16', async () => {
    const lane = await loadedOwnLane(realModel('mobilenetv2', IMAGENET));
    const byFour = await runAll(lane, photos, 4);
    expect(rightOnes(byFour)).toBeGreaterThanOrEqual(157);
    expect(await runAll(lane, photos, 16)).toEqual(byFour);
    expect(await runAll(lane, photos, 1)).toEqual(byFour);
  }, 300_000);

  it('SqueezeNet (BGR, trailing dimensions) names at least 112 correctly, also in half precision with a fixed batch of 1', async () => {
    const lane = await loadedOwnLane(realModel('squeezenet', CAFFE));
    expect(rightOnes(await runAll(lane, photos, 4))).toBeGreaterThanOrEqual(112);
    const half = await loadedOwnLane(realModel('squeezenet-fp16-batch1', CAFFE));
    expect(rightOnes(await runAll(half, photos, 4))).toBeGreaterThanOrEqual(112);
  }, 300_000);

  it('every odd file ends as a result or a coded error, within 800 MB', async () => {
    const lane = await loadedOwnLane(realModel('mobilenetv2', IMAGENET));
    const outcomes = await runAll(lane, odd, 16);
    expect(
      outcomes.map(codeOf).filter((c) => c !== 'ok' && !(ERROR_CODES as readonly string[]).includes(c)),
    ).toEqual([]);
    expect(outcomes.filter((o) => o.ok).length).toBeGreaterThan(50);
    const messages = outcomes.flatMap((o) => (o.ok ? [] : [o.error.message]));
    expect(messages.filter((m) => m.includes(DATA) || m.includes('\n') || m.length > 300)).toEqual([]);
    expect(peakMemoryMb(lane.pid!)).toBeLessThan(800);
  }, 300_000);

  it('pixel bombs are refused by their header, before they are decoded', async () => {
    const lane = await loadedOwnLane(realModel('mobilenetv2', IMAGENET));
    await lane.run({ model: 'm', rows: [{ bytes: await plain(1, 2, 3) }], options: { top_k: 1 } });
    const bombs = odd.filter((file) => /giant-image|65536-uint32/.test(file));
    const rows = bombs.map((path) => ({ path, tenant: 'default' }));
    const { outcomes, timings } = await lane.run({ model: 'm', rows, options: { top_k: 1 } });
    expect(outcomes.map(codeOf)).toEqual(['too_many_pixels', 'too_many_pixels']);
    // Decoding one of them takes seconds.
    expect(timings.decodeMs).toBeLessThan(1000);
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(join(DATA, folder))
    .toSorted()
    .map((name) => join(DATA, folder, name));
}

/** A model folder with a link to the shared graph. */
function realModel(name: string, preprocess: object) {
  const dir = testFolder();
  symlinkSync(join(DATA, 'models', `${name}.onnx`), join(dir, 'model.onnx'));
  const config = checkedConfig({
    name,
    task: 'image-classification',
    preprocess: { resize: 256, crop: 224, interpolation: 'bicubic', ...preprocess },
  });
  return { dir, config, named: [] };
}

async function runAll(lane: TestLane, files: readonly string[], batch: number): Promise<RowOutcome[]> {
  const outcomes: RowOutcome[] = [];
  for (let from = 0; from < files.length; from += batch) {
    const rows = files.slice(from, from + batch).map((path) => ({ path, tenant: 'default' }));
    outcomes.push(...(await lane.run({ model: 'm', rows, options: { top_k: 5 } })).outcomes);
  }
  return outcomes;
}

function rightOnes(outcomes: readonly RowOutcome[]): number {
  const lines = readFileSync(join(DATA, 'labels/photos.jsonl'), 'utf8').trim().split('\n');
  const truth = lines.map((line) => JSON.parse(line) as { file: string; index: number });
  const wanted = new Map(truth.map(({ file, index }) => [basename(file), index]));
  const names = filesIn('photos').map((file) => basename(file));
  return outcomes.filter((o, i) => predictionsOf(o)[0]!.index === wanted.get(names[i]!)).length;
}
