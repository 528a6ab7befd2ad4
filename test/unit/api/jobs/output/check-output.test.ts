// What an output folder must hold so that a job can continue it.
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { checkOutput } from '#forebay/api/jobs/output/check-output.js';
import { SPEC_VERSION } from '#forebay/shared/domain/job/job.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-check-')));
afterAll(() => rmSync(root, { recursive: true, force: true }));

it('the output of a newer version is left alone, and the message says who wrote it', async () => {
  const folder = join(root, 'newer');
  mkdirSync(folder);
  const later = { v: SPEC_VERSION + 1, id: 'job_later', options: 'in another form' };
  writeFileSync(join(folder, 'job.json'), JSON.stringify(later));
  await expect(checkOutput(FOLDER_OUTPUTS.of(folder), 'resume')).rejects.toMatchObject({
    code: 'resume_mismatch',
    message: expect.stringMatching(
      `A newer Forebay wrote ".*newer".* version ${SPEC_VERSION + 1}, .* up to ${SPEC_VERSION}. Update`,
    ) as string,
  });
});
