// `forebay plan` as a user runs it. It starts a service, measures a sample and leaves nothing behind.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PlanWire } from '#forebay/api/http/wire/plan.js';
import { forebayCommands, type ForebayCommands } from '../support/forebay-command.ts';
import { writeImages, writeTinyModel } from '../support/service.ts';

let folder: string;
let forebay: ForebayCommands;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-plan-'));
  forebay = forebayCommands(folder);
  writeTinyModel(join(folder, 'tiny'), 'tiny');
  await writeImages(join(folder, 'images'), 200);
});
afterAll(async () => {
  await forebay.close();
  rmSync(folder, { recursive: true });
});

const plan = (...more: string[]) => forebay.run('plan', '--model', 'tiny', '--input', 'images', ...more);

it('plan shows operators, numbers, the estimate and the next command, and leaves nothing behind', async () => {
  const ended = await plan('--lanes', '1', '--output', 'out');
  expect(ended).toMatchObject({ code: 0, signal: null });
  expect(ended.out).toMatch(/^tiny \([0-9a-f]{12}\), pool default: 200 rows\n/);
  expect(ended.out).toMatch(/lane +\[read > decode > resample > normalise > infer > postprocess\]/);
  expect(ended.out).toMatch(/lanes +1 +setting +set for this worker/);
  expect(ended.out).toMatch(/speed .* rows\/s/);
  expect(ended.out).toMatch(/run --model tiny --input images --lanes 1 --output out\n$/);
  expect(existsSync(join(folder, 'out'))).toBe(false);
  await forebay.nothingLeft();
});

it('plan without --output accepts a folder named results as input, and --json prints only JSON', async () => {
  await writeImages(join(folder, 'results'), 3);
  try {
    const ended = await forebay.run('plan', '--model', 'tiny', '--input', 'results', '--lanes', '1');
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.out).toMatch(/: 3 rows\n/);
    // The suggested folder does not exist yet.
    expect(ended.out).toMatch(/run --model tiny --input results --lanes 1 --output results-2\n$/);
    const flags = ['--input', '{images,results}/*', '--json', '--batch-size', '8', '--lanes', '1'];
    const both = await forebay.run('plan', '--model', 'tiny', ...flags);
    expect(both).toMatchObject({ code: 0, err: '' });
    const made = JSON.parse(both.out) as PlanWire;
    expect(made).toMatchObject({
      rows: { total: 203 },
      numbers: { batch_size: { value: 8, bound_by: 'option' }, block_rows: { value: 2048 } },
    });
    expect(made.estimate.rows_per_s!.value).toBeGreaterThan(0);
  } finally {
    rmSync(join(folder, 'results'), { recursive: true });
  }
});
