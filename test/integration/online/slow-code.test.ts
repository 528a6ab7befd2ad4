// Online requests that wait behind user code that hangs, in a worker with a single lane.
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { writePredictor } from '../../support/predictors.ts';
import { colourImage, startService, type Service } from '../../support/service.ts';
import { waitUntil } from '../../support/wait-until.ts';

let service: Service;
let worker: ChildProcess;
beforeAll(async () => {
  service = await startService({ workers: 0, env: { FOREBAY_LANES: '1', FOREBAY_LOG_LEVEL: 'silent' } });
  const stuck = `import { writeFileSync } from 'node:fs';
    predict(rows) {
      const [{ fields }] = rows;
      if (fields.file === undefined) return rows.map(() => 'fine');
      writeFileSync(fields.file, '');
      for (;;);
    },`;
  writePredictor(join(service.models, 'stuck'), stuck, { name: 'stuck' });
  worker = await service.startWorker();
  for (const name of ['tiny', 'stuck']) {
    await waitUntil(`a lane with ${name}`, async () => {
      const { lanes } = (await (await service.request(`/v1/models/${name}`)).json()) as ModelWire;
      return lanes === 1;
    });
  }
});
afterAll(async () => {
  // A worker that stops in order waits for its batches.
  worker.kill('SIGKILL');
  await service.close();
});

const ask = async (model: string, row: object, timeout_ms: number) => {
  const response = await service.post(`/v1/models/${model}/predict`, { rows: [row], timeout_ms });
  return { status: response.status, body: (await response.json()) as { detail: string } };
};

it('requests that time out say whose code has kept the lane busy, also those of another model', async () => {
  const file = join(service.folder, 'began');
  const hanging = ask('stuck', { file }, 4_500);
  await waitUntil('the row to hang', () => existsSync(file));
  const image = (await colourImage(0)).toString('base64');
  const answers = await Promise.all([hanging, ask('stuck', {}, 4_000), ask('tiny', { image }, 4_000)]);
  for (const { status, body } of answers) {
    expect(status).toBe(504);
    expect(body).toMatchObject({
      code: 'deadline_passed',
      detail: expect.stringMatching(
        /^No answer within 4\d00 ms\. The code of the model "stuck" has worked on one batch for more than \d\.\d s/,
      ),
    });
  }
});
