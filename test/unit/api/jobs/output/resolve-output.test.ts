// An output path that can never be a folder is reported as a mistake in the request, not as a storage failure.
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkOutput } from '#forebay/api/jobs/output/check-output.js';
import { createOutputResolver } from '#forebay/api/jobs/output/resolve-output.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import type { Output } from '#forebay/shared/storage/output.js';
import { DEFAULT_TENANT } from '#forebay/shared/domain/tenant.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-output-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeFileSync(join(root, 'file'), '');
symlinkSync('circle', join(root, 'circle'));
const output = createOutputResolver({
  outputRoots: [root],
  resultsDir: join(root, 'results'),
  outputs: FOLDER_OUTPUTS,
});

describe.for([
  ['a path with a NUL character', 'a\0b'],
  ['a name longer than the file system accepts', 'a'.repeat(300)],
  ['a path longer than the system accepts', 'a/'.repeat(2_500)],
  ['a file', 'file'],
  ['a folder below a file', 'file/below'],
  ['a link to itself', 'circle'],
] as const)('an output that is %s', ([, asked]) => {
  it.for([
    ['checked', async (found: Output) => checkOutput(found, 'resume')],
    ['made', async (found: Output) => found.prepare()],
  ] as const)('is refused as an invalid request when it is %s', async ([, use]) => {
    const using = async () => use(await output.resolve(asked, 'job', DEFAULT_TENANT));
    await expect(using()).rejects.toMatchObject({ code: 'invalid_request' });
  });
});
