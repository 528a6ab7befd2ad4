// Ensembles in lanes with decode threads: the threads read and decode each row once for all models.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { codeOf, testFolder, testLane } from '../../support/lanes.ts';
import { comparable, mixedRows } from '../../support/mixed-images.ts';
import {
  cascade,
  chain,
  ensemble,
  RED_ONLY,
  SIDE,
  SURE,
  writeColours,
  writeFinder,
  writePipeline,
} from '../../support/pipelines.ts';
import { toLoad, writePredictor } from '../../support/predictors.ts';

it('answers are those of a lane without threads, and each file is read once', async () => {
  const models = testFolder();
  writeColours(models, 'weak', RED_ONLY);
  writeColours(models, 'strong', SURE);
  writeColours(models, 'larger', SURE, { preprocess: { resize: 2 * SIDE, crop: SIDE } });
  writeColours(models, 'turned', SURE, { preprocess: { resize: SIDE, crop: SIDE, auto_orient: true } });
  writeFinder(models, 'finder');
  writePipeline(models, { name: 'levels', ...cascade('weak', 0.9, 'strong') });
  const steps = chain('finder', { model: 'strong', for_each: 'detections' });
  writePipeline(models, { name: 'things', ...steps });
  writePredictor(
    join(models, 'code'),
    'async predict(rows) { return rows.map(({ bytes }) => ({ size: bytes.length })); },',
    { name: 'code', kind: 'predictor', input: 'image' },
  );
  const pipelines: [name: string, readsPerRow: number | null, config: object][] = [
    ['same', 1, ensemble('average', 'weak', 'strong')],
    ['sizes', 1, ensemble('all', 'weak', 'larger', 'finder')],
    ['partial', 1, { ...ensemble('all', 'weak', 'larger'), on_member_error: 'partial' }],
    // Images that are turned are decoded in another way.
    ['turns', 2, ensemble('all', 'weak', 'turned')],
    // Later levels and steps read some rows again.
    ['nested', null, ensemble('all', 'levels', 'things', 'larger')],
    ['with-code', null, ensemble('all', 'weak', 'code')],
  ];
  const rows = await mixedRows();
  const usual = testLane();
  const threaded = testLane({ decodeThreads: 2 });
  for (const [name, readsPerRow, config] of pipelines) {
    const dir = writePipeline(models, { name, ...config });
    const load = { model: name, ...(await toLoad(dir)), threads: 1 };
    await Promise.all([usual.load(load), threaded.load(load)]);
    const run = { model: name, rows, options: { top_k: 1, decode: null, threshold: null } };
    const expected = await usual.run(run);
    const found = await threaded.run(run);
    expect(new Set(expected.outcomes.map(codeOf)).size, name).toBeGreaterThan(3);
    expect(comparable(found.outcomes), name).toEqual(comparable(expected.outcomes));
    expect(found.stamps, name).toEqual(expected.stamps);
    if (readsPerRow === null) continue;
    // Each model says why it cannot decode a row, so bad rows may be read again.
    const good = rows.filter((_, i) => expected.outcomes[i]!.ok);
    const [once, read] = await Promise.all(
      [usual, threaded].map(async (lane) => (await lane.run({ ...run, rows: good })).timings.bytes),
    );
    expect(read, name).toBe(readsPerRow * once!);
  }
});
