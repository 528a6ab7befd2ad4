/** Runs the tests of a predictor's folder, with `forebay/predictor` in reach of its imports. */
import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { childEnvironment } from '../../shared/process/child-environment.ts';
import { EXIT, UsageError } from '../exit-codes.ts';

const HOOK = new URL('../../predictor/register-hook.js', import.meta.url).href;

/** Returns the exit code. Throws UsageError if there is nothing to run. */
export async function testModel(folder: string, env: NodeJS.ProcessEnv): Promise<number> {
  const dir = resolve(folder);
  const names: string[] = await readdir(dir).catch(() => []);
  const tests = names.filter((name) => /\.test\.[cm]?js$/.test(name)).map((name) => join(dir, name));
  if (tests.length === 0)
    throw new UsageError(
      `${folder} holds no test; name it like predictor.test.mjs, and write it for node:test`,
    );
  const child = spawn(process.execPath, ['--import', HOOK, '--test', ...tests], {
    stdio: 'inherit',
    env: childEnvironment(env),
  });
  return new Promise((done, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => done(code === 0 ? EXIT.ok : EXIT.failed));
  });
}
