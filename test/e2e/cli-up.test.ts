// `forebay up` and the commands that call its API, as a user runs them.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JobWire } from '#forebay/api/http/wire/job.js';
import type { ModelWire } from '#forebay/api/http/wire/model.js';
import { installedRedis, onPath } from '#forebay/cli/redis/redis-program.js';
import { forebayCommands, type ForebayCommands, type RunningForebay } from '../support/forebay-command.ts';
import { forebay as runHere } from '../support/forebay-program.ts';
import { writeImages, writeTinyModel } from '../support/service.ts';
import { waitUntil } from '../support/wait-until.ts';

const ROWS = 20;
/** The package that Forebay unpacks has a client. */
const HAS_CLIENT =
  installedRedis(process.env) === null ||
  ['redis-cli', 'valkey-cli'].some((name) => onPath(name, process.env) !== null);
let folder: string;
let forebay: ForebayCommands;
let service: RunningForebay;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-up-'));
  forebay = forebayCommands(folder);
  writeTinyModel(join(folder, 'models', 'tiny'), 'tiny');
  await writeImages(join(folder, 'images'), ROWS);
  writeFileSync(join(folder, 'images', 'bad.png'), 'no image');
  service = await up();
});
afterAll(async () => {
  await forebay.close();
  rmSync(folder, { recursive: true });
});

async function startUp(data: string) {
  const running = forebay.start('up', '--port', '0', '--lanes', '1', '--data', data);
  await waitUntil('the service', () => running.out().includes('Press Ctrl-C to stop.'));
  return { running, url: /API +(\S+)/.exec(running.out())![1]! };
}

async function up(): Promise<RunningForebay> {
  const started = await startUp('state');
  ({ url } = started);
  return started.running;
}

/** Runs a client's command in this process. */
const call = async (...args: string[]) => runHere({ cwd: folder }, ...args, '--url', url);
async function json<T>(...args: string[]): Promise<T> {
  const { code, out, err } = await call(...args, '--json');
  if (code !== 0) throw new Error(err);
  return JSON.parse(out) as T;
}
const indexesOf = (ndjson: string) =>
  ndjson
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { index: number }).index);

describe('forebay up and its clients', () => {
  it('prints the addresses of API, docs and Redis, the models, and the next command', () => {
    expect(service.out()).toMatch(/docs +http:\S+\/docs$/m);
    expect(service.out()).toMatch(/Redis +unix:\/\/\/\S+r\.sock$/m);
    expect(service.out()).toMatch(/inspect .*-cli -s \S+r\.sock$/m);
    expect(service.out()).toMatch(/models +tiny$/m);
    expect(service.out()).toContain(`submit --model tiny --input PATH --watch --url ${url}`);
  });

  it.runIf(HAS_CLIENT)('prints a line that works as $R of the runbook (needs redis-cli)', () => {
    const line = /inspect +(.*)$/m.exec(service.out())![1]!;
    const env = { ...process.env, R: line };
    expect(execFileSync('sh', ['-c', '$R ping'], { env, encoding: 'utf8' })).toBe('PONG\n');
  });

  it('lists the models that it serves', async () => {
    const models = await json<ModelWire[]>('models');
    expect(models).toMatchObject([{ name: 'tiny', status: 'serving', lanes: 1 }]);
  });

  it('runs a job from submit to results', async () => {
    const submitted = await call(
      'submit',
      '--model',
      'tiny',
      '--input',
      'images',
      '--metadata',
      'team=search',
    );
    expect(submitted.code).toBe(0);
    const id = submitted.out.trim();

    const watched = await call('job', id, '--watch');
    expect(watched.code).toBe(0);
    expect(watched.out).toMatch(/^Completed: 21 rows, 1 failed, in /);

    const job = await json<JobWire>('job', id);
    expect(job).toMatchObject({
      status: 'completed',
      rows: { succeeded: 20, failed: 1 },
      metadata: { team: 'search' },
    });
    expect((await call('jobs', '--status', 'completed')).out).toMatch(
      new RegExp(`^${id} +completed +tiny +21 of 21`, 'm'),
    );

    expect(indexesOf((await call('results', id)).out)).toHaveLength(20);
    expect(indexesOf((await call('results', id, '--errors')).out)).toEqual([20]);
    expect(
      indexesOf((await call('results', id, '--with-errors', '--from-row', '18', '--follow')).out),
    ).toEqual([18, 19, 20]);
  });

  it('follows a submitted job with --watch, and sends local files as rows', async () => {
    const watched = await call(
      'submit',
      '--model',
      'tiny',
      '--inline',
      'images/000001.png',
      'images/000002.png',
      '--watch',
    );
    expect(watched).toMatchObject({ code: 0 });
    expect(watched.out).toMatch(/^Completed: 2 rows in /);
  });

  it.runIf(existsSync('/dev/shm'))(
    'answers a large photo, which passes through a folder in memory',
    async () => {
      const photo = sharp(randomBytes(3 * 100 * 100), { raw: { width: 100, height: 100, channels: 3 } });
      await photo.png().toFile(join(folder, 'large.png'));
      const { predictions } = await json<{ predictions: unknown[] }>(
        'predict',
        '--model',
        'tiny',
        '--input',
        'large.png',
      );
      expect(predictions).toHaveLength(2);
      const [inMemory, ...others] = forebay.inMemory();
      expect(readdirSync(join('/dev/shm', inMemory!))).toEqual(['folder-id']);
      expect(others).toEqual([]);
    },
  );

  it('pauses, resumes and cancels', async () => {
    // One row per block and one block at a time, so that the job stays far from its end.
    writeFileSync(join(folder, 'long.txt'), 'images/000001.png\n'.repeat(20_000));
    const slow = ['--manifest', 'long.txt', '--block-rows', '1', '--concurrency', '1'];
    const { id } = await json<JobWire>('submit', '--model', 'tiny', ...slow);
    expect((await call('pause', id)).out).toBe(`${id} paused\n`);
    expect((await call('job', id)).out).toMatch(/^status +paused$/m);
    expect((await json<JobWire>('resume', id)).status).not.toBe('paused');
    expect((await call('cancel', id)).out).toMatch(new RegExp(`^${id} cancel`));
    const watched = await call('job', id, '--watch');
    expect(watched.code).toBe(1);
    expect(watched.out).toMatch(/^Cancelled: /);
  });

  it('exits 2 if the service rejects the model or input path, and 1 if the job does not exist', async () => {
    const unknown = await call('submit', '--model', 'tny', '--input', 'images');
    expect(unknown).toMatchObject({ code: 2 });
    expect(unknown.err).toMatch(/^forebay: .*tiny.*\n$/);
    expect((await call('submit', '--model', 'tiny', '--input', '/')).code).toBe(2);
    expect((await call('job', 'job_none')).code).toBe(1);
  });

  it('reports a port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await waitUntil('the other program', () => other.listening);
    const { port } = other.address() as AddressInfo;
    const ended = await forebay.run('up', '--port', String(port), '--data', 'other');
    other.close();
    expect(ended).toMatchObject({ code: 1, out: '' });
    // On a busy machine, a start that takes more than 5 s first prints what it waits for.
    expect(ended.err.trimEnd().split('\n').at(-1)).toBe(
      `forebay: Another program, perhaps another Forebay, listens on port ${port} of 127.0.0.1. Stop it ` +
        `(\`lsof -i :${port}\` shows it), or choose another port with --port (FOREBAY_PORT).`,
    );
  });

  it('reports a data folder that is in use', async () => {
    const ended = await forebay.run('up', '--port', '0', '--data', 'state');
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/^forebay: The data in .* is in use by process \d+\./);
  });

  it('ends at Ctrl-C without leftovers, and still has its jobs at the next start', async () => {
    const before = (await json<{ data: JobWire[] }>('jobs')).data.map((job) => job.id);
    service.interrupt();
    expect(await service.ended).toMatchObject({ code: 0, signal: null });
    await forebay.nothingLeft();
    service = await up();
    expect((await json<{ data: JobWire[] }>('jobs')).data.map((job) => job.id)).toEqual(before);
  });

  it('ends at once if its Redis is killed', async () => {
    const own = await startUp('killed');
    const rows = Array.from({ length: 20_000 }, (_, i) => `{"id":"${i}","uri":"images/000000.png"}\n`);
    writeFileSync(join(folder, 'many.txt'), rows.join(''));
    const at = ['--url', own.url];
    const { out } = await runHere({ cwd: folder }, 'submit', '--model', 'tiny', '--input', 'many.txt', ...at);
    await waitUntil('the first block', async () => {
      const job = await runHere({ cwd: folder }, 'job', out.trim(), '--json', ...at);
      return (JSON.parse(job.out) as JobWire).blocks.done > 0;
    });
    const socket = /Redis +unix:\/\/(\S+)/.exec(own.running.out())![1]!;
    for (const pid of forebay.find(`unixsocket:${socket}`)) process.kill(pid, 'SIGKILL');
    const ended = await own.running.ended;
    expect([ended.code, ended.err]).toEqual([1, expect.stringContaining('The private Redis exited')]);
    // Its worker has not tried to hand blocks back.
    expect(ended.err + ended.out).not.toContain('grace time over');
  });

  it('restarts a killed API on the same port', async () => {
    for (const pid of forebay.find('dist/api/main.js')) process.kill(pid, 'SIGKILL');
    await waitUntil('the restart to be reported', () =>
      service.err().includes('The api was ended by SIGKILL. Restarting it.'),
    );
    await waitUntil('the API', async () => (await call('jobs')).code === 0);
  });
});

describe('forebay doctor', () => {
  it('exits 0 if everything works, and 1 if a model is broken', async () => {
    const well = await forebay.run('doctor', '--models', 'models');
    expect(well).toMatchObject({ code: 0, err: '' });
    for (const what of ['Node', 'Redis', 'CPU', 'memory', 'disk'])
      expect(well.out).toMatch(new RegExp(`${what} +\\S`));
    expect(well.out).toMatch(/ok {4}provider cpu$/m);
    expect(well.out).toMatch(/ok {4}model +tiny \(/);

    writeTinyModel(join(folder, 'bad-models', 'worse'), 'worse');
    writeFileSync(
      join(folder, 'bad-models', 'worse', 'model.json'),
      '{"name":"Not A Name","task":"image-classification"}',
    );
    const ill = await forebay.run('doctor', '--models', 'bad-models');
    expect(ill.code).toBe(1);
    expect(ill.out).toMatch(/FAIL {2}model .*\n +.*\/name/);
  });
});
