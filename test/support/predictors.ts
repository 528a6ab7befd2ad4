// Model folders with code, written by the test.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { toModelLoad } from '#forebay/workers/lane-pool/model-load.js';
import type { LaneInput, ModelLoad } from '#forebay/workers/lane/messages.js';
import { answerOf, loadedLane, type LoadableModel } from './lanes.ts';

/** `code`: the members of the object that the module defines. `files`: others, by name. Returns the folder. */
export function writePredictor(
  dir: string,
  code: string,
  config: object = { name: 'p' },
  files: Readonly<Record<string, string | Buffer>> = {},
): string {
  mkdirSync(dir, { recursive: true });
  const imports = /^import .*$/gm;
  const head = (code.match(imports) ?? []).join('\n');
  const body = code.replace(imports, '');
  const module = `import { definePredictor } from 'forebay/predictor';\n${head}\nexport default definePredictor({ ${body} });\n`;
  const all = { 'predictor.js': module, 'model.json': JSON.stringify(config), ...files };
  for (const [name, content] of Object.entries(all)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), content);
  }
  return dir;
}

export async function toLoad(dir: string): Promise<LoadableModel & ModelLoad> {
  return toModelLoad(await loadModelFolder(dir), { threads: 1 });
}

export const records = (...fields: unknown[]): LaneInput[] =>
  fields.map((one) => ({ json: JSON.stringify(one) }));

/** Loads a predictor into the lane of a test file, and answers rows. */
export async function answerRows(dir: string, rows: readonly LaneInput[]): Promise<unknown[]> {
  const lane = await loadedLane(await toLoad(dir));
  const { outcomes } = await lane.run({ model: 'm', rows, options: {} });
  return outcomes.map(answerOf);
}
