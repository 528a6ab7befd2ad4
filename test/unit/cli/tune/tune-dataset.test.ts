// `forebay tune` measures with the rows that a job with the same flags reads.
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { datasetOf } from '#forebay/cli/tune/tune-dataset.js';
import { makeTar } from '../../../support/archives.ts';
import { readConfig } from '#forebay/shared/config/config.js';

const dir = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-tune-')));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const config = readConfig({}, dir);

it('globs of files, tables and archives ignore letter case if asked', async () => {
  writeFileSync(join(dir, 'A.JSONL'), '{"text":"a"}\n');
  const model = { input: 'text', fields: { names: null, needed: ['text'], text: ['text'] } } as const;
  const given = { input: join(dir, '*.jsonl'), ignoreCase: true } as const;
  expect(await datasetOf(given, model, config)).toMatchObject({
    type: 'jsonl',
    parts: { pattern: '*.jsonl', ignore_case: true },
  });
  await expect(datasetOf({ ...given, ignoreCase: undefined }, model, config)).rejects.toThrow('letter case');
  expect(await datasetOf({ ...given, inputFormat: 'files' }, model, config)).toMatchObject({
    type: 'files',
    include: ['*.jsonl'],
    ignore_case: true,
  });
  writeFileSync(join(dir, 'A.TAR'), makeTar([{ name: 'a.txt', body: 'a' }]));
  const archives = { ...given, input: join(dir, '*.tar') };
  expect(await datasetOf(archives, model, config)).toMatchObject({ type: 'archive', ignore_case: true });
  await expect(datasetOf({ ...archives, ignoreCase: undefined }, model, config)).rejects.toThrow(
    'letter case',
  );
});
