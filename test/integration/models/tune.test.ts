// `forebay tune` end to end: a real search in real lanes, and workers that use its result.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { loadModelFolder } from '#forebay/shared/models/model-folder.js';
import { PROFILE, type Profile } from '#forebay/shared/profiles/profile.js';
import type { Tuned } from '#forebay/shared/profiles/tune-events.js';
import { createMeter } from '#forebay/workers/tune/measure/measure.js';
import { forebayCommands, type ForebayCommands } from '../../support/forebay-command.ts';
import { forebay as runHere } from '../../support/forebay-program.ts';
import { LIMITS } from '../../support/lanes.ts';
import { writeModelFolder } from '../../support/onnx/models.ts';
import { endlessModel } from '../../support/onnx/special-models.ts';
import { startService, writeImages, type Service } from '../../support/service.ts';

let folder: string;
let forebay: ForebayCommands;
let service: Service;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tune-'));
  forebay = forebayCommands(folder, { FOREBAY_CACHE_DIR: join(folder, 'cache') });
  service = await startService({
    workers: 0,
    env: { FOREBAY_CACHE_DIR: join(folder, 'cache'), FOREBAY_LANES: undefined },
  });
  await writeImages(join(folder, 'images'), 24);
});
afterAll(async () => {
  await service.close();
  await forebay.close();
  rmSync(folder, { recursive: true });
});

const QUICK = ['--seconds-per-config', '0.1', '--rows', '20', '--try-threads-per-lane', '1'];
const tune = (...more: string[]) =>
  forebay.run('tune', '--model', join(service.models, 'tiny'), '--input', 'images', ...QUICK, ...more);
const profiles = () =>
  existsSync(join(folder, 'cache', 'profiles')) ? readdirSync(join(folder, 'cache', 'profiles')) : [];

async function served(env: Record<string, string>): Promise<ModelWire> {
  await service.startWorker(env);
  const model = (await (await service.request('/v1/models/tiny')).json()) as ModelWire;
  return model;
}

describe('forebay tune', () => {
  it('finds settings, which workers then use unless their environment overrides them', async () => {
    const ended = await tune(
      '--try-lanes',
      '1',
      '--try-batch-sizes',
      '5,7',
      '--try-decode-threads',
      '2',
      '--exhaustive',
      '--json',
      '--report',
      'tune.html',
    );
    expect(ended).toMatchObject({ code: 0, signal: null });
    const tuned = JSON.parse(ended.out) as Tuned;
    expect(tuned).toMatchObject({ space: 2, exhaustive: { configurations: 2 } });
    expect(ended.err).toMatch(/Tuning tiny on \d+ cores?: 2 configurations/);
    expect(ended.err).toMatch(/1 lane x 1 thread, batch 7, 2 decode threads +[\d.,]+ rows\/s ±/);

    expect(profiles()).toHaveLength(1);
    const profile = JSON.parse(readFileSync(tuned.path!, 'utf8')) as Profile;
    expect(profile).toEqual(tuned.profile);
    expect(profile.sample.rows).toBe(20);
    expect([5, 7]).toContain(profile.settings.batch_size);
    const html = readFileSync(join(folder, 'tune.html'), 'utf8');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/(src|href)=/);
    await forebay.nothingLeft();

    const batch = profile.settings.batch_size;
    expect(await served({})).toMatchObject({ lanes: 1, batch_size: batch, tuned_at: profile.measured_at });
    const job = await service.submit({ input: { type: 'files', path: service.input } });
    expect(job.options.block_rows).toBe(Math.max(2048, 4 * batch));
    await service.ended(job.id);
    await service.stopWorkers();

    expect(await served({ FOREBAY_LANES: '2' })).toMatchObject({ lanes: 2, batch_size: batch });
    await service.stopWorkers();
    expect(await served({ FOREBAY_PROFILES: 'off', FOREBAY_LANES: '1' })).toMatchObject({
      batch_size: 128,
      tuned_at: null,
    });
    await service.stopWorkers();
  });

  it('reports a configuration that takes too much memory, then continues', async () => {
    // A lane takes 135 to 165 MB, depending on the version of Node.js.
    const ended = await tune(
      '--try-lanes',
      '1,2',
      '--try-batch-sizes',
      '4',
      '--try-decode-threads',
      '2',
      '--memory-limit-mb',
      '220',
    );
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.err).toMatch(
      /2 lanes x 1 thread, batch 4.* out of memory: the lanes held [\d.]+ MB; the limit is 220 MB/,
    );
    expect(ended.out).toMatch(/(Kept|Chosen): 1 lane x 1 thread/);
    await forebay.nothingLeft();
  });

  it('writes nothing and explains why if no configuration fits', async () => {
    const before = profiles();
    const ended = await tune('--try-lanes', '1', '--try-batch-sizes', '1,2', '--memory-limit-mb', '10');
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(
      /No configuration fits the memory: the lanes held [\d.]+ MB; the limit is 10\.0 MB/,
    );
    expect(profiles()).toEqual(before);
    await forebay.nothingLeft();
  });

  it('ends with the error of a worker if the model hangs while it is loaded', async () => {
    const config = { name: 'endless', task: 'image-classification', preprocess: { crop: 8 } };
    writeModelFolder(join(folder, 'endless'), endlessModel(8, 'always'), config, ['a', 'b']);
    const env = { FOREBAY_CACHE_DIR: join(folder, 'cache'), FOREBAY_LOAD_TIMEOUT_S: '1' };
    const impatient = forebayCommands(folder, env);
    onTestFinished(async () => impatient.close());
    const ended = await impatient.run('tune', '--model', 'endless', '--input', 'images', ...QUICK);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toMatch(
      /Loading model "endless" hangs: .* did not end within 1 s, .* raise FOREBAY_LOAD_TIMEOUT_S/,
    );
    await impatient.nothingLeft();
  });

  it('ends with the error of a worker if a lane dies while it loads the model', async () => {
    const meter = createMeter({
      folder: await loadModelFolder(join(service.models, 'tiny')),
      limits: LIMITS,
      rows: [],
      seconds: 1,
      memoryLimitBytes: 2 ** 40,
      lanes: { threaded: false, loadTimeoutMs: 60_000 },
    });
    const settings = { lanes: 1, threads_per_lane: 1, batch_size: 1, decode_threads: 1 };
    const inspected = meter.inspect(settings);
    meter.kill();
    await expect(inspected).rejects.toMatchObject({
      code: 'model_load_failed',
      message: expect.stringMatching(/^The lane ended while it loaded model "tiny": lane 0 /),
    });
    await meter.end();
  });

  it('reports what it keeps when it is stopped, and leaves no process and no half-written profile', async () => {
    const before = profiles();
    const running = forebay.start('tune', '--model', join(service.models, 'tiny'), '--input', 'images');
    await expect.poll(() => running.err(), { timeout: 30_000 }).toContain('rows/s');
    running.interrupt();
    const ended = await running.ended;
    expect(ended).toMatchObject({ code: 130 });
    expect(ended.out).toMatch(/^Stopped early\.$/m);
    expect(ended.out).toMatch(/^(Kept|Chosen): \d+ lanes? x /m);
    if (ended.out.includes('No profile was written.')) expect(profiles()).toEqual(before);
    else expect(ended.out).toMatch(/^Profile: /m);
    for (const name of profiles()) {
      const text = readFileSync(join(folder, 'cache', 'profiles', name), 'utf8');
      expect(PROFILE.safeParse(JSON.parse(text)).success).toBe(true);
    }
    await forebay.nothingLeft();
  });

  it('leaves no process and no half-written profile when its command is killed', async () => {
    const running = forebay.start('tune', '--model', join(service.models, 'tiny'), '--input', 'images');
    await expect.poll(() => running.err(), { timeout: 30_000 }).toContain('rows/s');
    running.killLauncher();
    await forebay.nothingLeft();
    for (const name of profiles()) {
      const text = readFileSync(join(folder, 'cache', 'profiles', name), 'utf8');
      expect(PROFILE.safeParse(JSON.parse(text)).success).toBe(true);
    }
  });

  it.each([
    [['--input', 'nowhere'], /--input: there is no nowhere/],
    [['--input', 'images', '--try-batch-sizes', '0'], /whole number from 1 to 1024/],
    [['--input', 'images', '--report', 'missing/tune.html'], /--report: there is no folder missing/],
    [['--input', 'images', '--seconds-per-config', 'x'], /a number of seconds/],
  ])('refuses %j with a sentence', async (more, sentence) => {
    const ended = await runHere({ cwd: folder }, 'tune', '--model', join(service.models, 'tiny'), ...more);
    expect(ended.code).toBe(2);
    expect(ended.err).toMatch(sentence);
  });
});
