import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { sha256 } from '#forebay/shared/text/sha256.js';
import { createEarlierParts } from '#forebay/workers/run/earlier-parts.js';
import { watchedOutputs } from '../../../support/watched-outputs.ts';

let folder: string;
const texts = [0, 1, 2].map((part) => `{"index":${part},"id":"${part}","text":"${'x'.repeat(1000)}"}\n`);
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-parts-')));
  for (const [part, text] of texts.entries()) writeFileSync(join(folder, `part-0000000${part}.jsonl`), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The parts that are read, in order. */
async function readsOf(maxBytes: number, parts: readonly number[]): Promise<string[]> {
  const { outputs, read } = watchedOutputs(FOLDER_OUTPUTS);
  const earlier = createEarlierParts(outputs, maxBytes);
  for (const part of parts) {
    const { rows } = await earlier.get({ output: folder }, part, sha256(texts[part]!));
    expect(rows.get(part)?.id).toBe(String(part));
  }
  return read.map((name) => String(Number(name.slice(5, 13))));
}

it('parts that alternate are read once, and the least recently used ones are dropped', async () => {
  expect(await readsOf(10_000, [0, 1, 0, 1, 0])).toEqual(['0', '1']);
  expect(await readsOf(3_000, [0, 1, 0, 2, 0, 1])).toEqual(['0', '1', '2', '1']);
  expect(await readsOf(1, [0, 0, 1, 0])).toEqual(['0', '1', '0']);
});
