// onnxruntime's telemetry is on by default and leaves files (device id, event queue) unless it is switched off.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startService, writeImages, type Service } from '../../support/service.ts';

let home: string;
let service: Service;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'forebay-home-'));
  service = await startService({
    env: { HOME: home, TMPDIR: home, XDG_CACHE_HOME: '', ORT_DISABLE_TELEMETRY: '' },
  });
});
afterAll(async () => {
  await service.close();
  rmSync(home, { recursive: true, force: true });
});

it('no process of the service leaves a trace of telemetry, whatever its environment says', async () => {
  await writeImages(join(service.input, 'few'), 20);
  const { id } = await service.submit({ input: { type: 'files', path: 'few' } });
  expect((await service.ended(id)).status).toBe('completed');
  await service.stopWorkers();
  expect(readdirSync(home, { recursive: true })).toEqual([]);
});
