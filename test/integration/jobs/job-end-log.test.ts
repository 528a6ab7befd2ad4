// The API's log shows operators how each job ended.
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeServiceFolder, startOwnProcess } from '../../support/own-process.ts';
import { startTestRedis } from '../../support/redis.ts';
import { writeImages, writeTinyModel } from '../../support/service.ts';

it('one log line says which job ended, how, and with how many rows', async () => {
  const redis = await startTestRedis();
  const place = makeServiceFolder();
  const env = { ...place.env, REDIS_URL: redis.url, FOREBAY_LOG_LEVEL: 'info' };
  writeTinyModel(join(place.folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(place.folder, 'input', 'few'), 3);
  const api = startOwnProcess('api', env);
  const worker = startOwnProcess('workers', env);
  try {
    const [, url = ''] = await api.says(/"url":"(http:[^"]+)","msg":"listening"/);
    const response = await fetch(`${url}/v1/jobs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'tiny', input: { type: 'files', path: 'few' } }),
    });
    const { id } = (await response.json()) as { id: string };
    await api.says(/"msg":"job ended"/);
    const lines = api
      .said()
      .split('\n')
      .filter((line) => line.includes('"msg":"job ended"'));
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({
      job: id,
      model: 'tiny',
      status: 'completed',
      succeeded: 3,
      failed: 0,
    });
  } finally {
    await Promise.all([api.stop(), worker.stop()]);
    await redis.stop();
    place.remove();
  }
});
