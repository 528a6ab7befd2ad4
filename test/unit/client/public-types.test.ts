// Compiles the client's types in a project that has neither Node's types nor the types of the service's libraries.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../../..');
const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');

let project: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'forebay-types-'));
  await mkdir(join(project, 'node_modules'));
  await symlink(repository, join(project, 'node_modules', 'forebay'));
});
afterAll(() => rm(project, { recursive: true, force: true }));

it("the client's types need only the types of the browser and of zod", async () => {
  await writeFile(
    join(project, 'use.mts'),
    `import { createClient, type Job, type SubmitBody } from 'forebay/client';

const client = createClient({ url: 'http://127.0.0.1:8080' });
const body: SubmitBody = {
  model: 'm',
  input: { type: 'files', path: 'photos' },
  options: { top_k: 2, batch_size: 'auto', decode: 'fast', max_errors: '1%' },
};
const job: Job = await client.submit(body);
const answers: number = job.options.top_k ?? 0;
for await (const event of client.events(job.id)) if (event.type === 'progress') console.log(event.data.rows);
for await (const row of client.results(job.id)) if ('predictions' in row) console.log(row.predictions, answers);
console.log((await client.deliveries(job.id)).data[0]?.outcome === 'retrying');

// @ts-expect-error Not a number.
export const wrong: SubmitBody['options'] = { top_k: 'two' };
// @ts-expect-error No such mode.
export const odd: SubmitBody['options'] = { decode: 'quick' };
// @ts-expect-error A priority cannot be automatic.
export const automatic: SubmitBody['options'] = { priority: 'auto' };
`,
  );
  await writeFile(
    join(project, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2023',
        lib: ['es2023', 'dom', 'dom.asynciterable'],
        types: [],
        module: 'nodenext',
        strict: true,
        noEmit: true,
      },
      files: ['use.mts'],
    }),
  );
  const { stdout } = await run('node', [tsc, '-p', project, '--listFiles']);
  const packages = [...stdout.matchAll(/node_modules\/((?:@[^/\n]+\/)?[^/\n]+)\//g)].map(
    (match) => match[1]!,
  );
  const own = ['forebay', 'zod'];
  const foreign = packages.filter((name) => !own.includes(name) && !name.includes('typescript'));
  expect([...new Set(foreign)]).toEqual([]);
  expect(stdout).toContain('use.mts');
});
