// The package as users get it: packed, installed into another project by the real npm, and used there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const tsc = join(repository, 'node_modules', 'typescript', 'bin', 'tsc');

const environment = {
  ...process.env,
  ONNXRUNTIME_NODE_INSTALL: 'skip',
  // An install script that needs another host fails even if that host can be reached.
  GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
};
/** The errors of npm if it cannot reach the registry and does not have all packages in its cache. */
const AWAY = /npm error code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|EIDLETIMEOUT)/;

let project: string;
let install: { code: number | null; said: string };
beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'forebay-user-'));
  const packing = await run('npm', ['pack', '--ignore-scripts', '--pack-destination', project], repository);
  expect(packing.code, packing.said).toBe(0);
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))!;
  writeFileSync(join(project, 'package.json'), '{"name":"user","private":true,"type":"module"}');
  install = await run('npm', [
    'install',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    `./${tarball}`,
  ]);
}, 180_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

async function run(command: string, args: string[], cwd = project, env: NodeJS.ProcessEnv = environment) {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, said };
}

function needInstall({ skip }: TestContext): void {
  if (install.code !== 0 && AWAY.test(install.said)) skip('the npm registry cannot be reached');
  expect(install.code, install.said).toBe(0);
}

describe('the package, installed into another project', () => {
  it('needs no host other than the registry', (context) => {
    needInstall(context);
    expect(readdirSync(join(project, 'node_modules', 'forebay'))).toContain('dist');
  });

  it('runs a first job with the model and pictures of its examples', async (context) => {
    needInstall(context);
    const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(await run(join('node_modules', '.bin', 'forebay'), ['--version'])).toMatchObject({
      code: 0,
      out: `${version}\n`,
    });

    const digits = join('node_modules', 'forebay', 'examples', 'digits');
    const made = await run('node', [
      join(digits, 'generate.js'),
      '--out',
      'photos',
      '--count',
      '20',
      '--seed',
      '1',
    ]);
    expect(made.code, made.said).toBe(0);
    const model = join(digits, 'models', 'digits-small');
    const job = await run('npx', [
      'forebay',
      'run',
      '--model',
      model,
      '--input',
      'photos',
      '--output',
      'results',
    ]);
    expect(job.code, job.said).toBe(0);
    const rows = readFileSync(join(project, 'results', 'part-00000000.jsonl'), 'utf8')
      .trim()
      .split('\n');
    expect(rows).toHaveLength(20);
  });

  it('exports a typed client and nothing else', async (context) => {
    needInstall(context);
    const source = join(project, 'src');
    mkdirSync(source);
    writeFileSync(
      join(source, 'use.ts'),
      `import { createClient, ProblemError, UnreachableError, type Client, type Job } from 'forebay/client';

export async function submit(client: Client): Promise<string> {
  const job: Job = await client.submit({ model: 'digits', input: { type: 'files', path: 'photos' } });
  for await (const row of client.results(job.id, { follow: true })) console.log(row.index);
  // @ts-expect-error No such field.
  await client.submit({ modle: 'digits' });
  return job.status;
}

try {
  await createClient({ url: 'http://127.0.0.1:9' }).job('job_none');
} catch (error) {
  console.log(error instanceof UnreachableError, error instanceof ProblemError);
}
`,
    );
    for (const resolution of ['nodenext', 'bundler']) {
      const settings = {
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023', 'esnext.disposable'],
          // The types that a project on Node.js has.
          typeRoots: [join(repository, 'node_modules', '@types')],
          types: ['node'],
          module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
          moduleResolution: resolution,
          strict: true,
          skipLibCheck: false,
          rootDir: 'src',
          outDir: 'out',
        },
        include: ['src'],
      };
      writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(settings));
      expect(await run('node', [tsc, '-p', 'tsconfig.json'])).toMatchObject({ code: 0, said: '' });
    }
    expect(await run('node', ['out/use.js'])).toMatchObject({ code: 0, out: 'true false\n' });

    const inner = await run('node', ['-e', "import('forebay/dist/shared/errors.js')"]);
    expect(inner.said).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('npm in the checkout', () => {
  it('prints no warning when it runs the command', async () => {
    // Removes this user's settings, and the settings of an npm that runs this test.
    const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
    // Otherwise the first npx in a checkout builds it, also while other tests use it.
    const settings = { npm_config_userconfig: '/dev/null', npm_config_ignore_scripts: 'true' };
    const env = { ...Object.fromEntries(own), ...settings };
    const { code, said } = await run('npx', ['forebay', '--version'], repository, env);
    expect(code, said).toBe(0);
    expect(said).not.toMatch(/npm warn/i);
  });
});
