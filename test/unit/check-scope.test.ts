// `npm run check` looks only at the project's own folders, never at files that a user's jobs write into a checkout.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};
const PROJECT = ['src', 'test', 'bench', 'scripts', 'bin', 'examples', 'dashboard'];
/** Folders that users and tools may create: outputs, models as in the README, state, and caches. */
const USERS = [
  'results',
  'my-results',
  'Out 2',
  'models/mine',
  'data',
  '.forebay',
  '.venv/lib',
  'coverage',
  '.dist-old-1',
];
/** The commands of `npm run check`, without the unit tests. */
const CHECKS = [...scripts['check']!.matchAll(/npm run (check:\w+)/g)].map(([, name]) => name!);

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'forebay-check-'));
  for (const name of ['package.json', 'tsconfig.json', '.gitignore', '.oxfmtrc.json', '.oxlintrc.json']) {
    cpSync(join(repository, name), join(root, name));
  }
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  mkdirSync(join(root, 'dashboard'));
  cpSync(join(repository, 'dashboard/tsconfig.json'), join(root, 'dashboard/tsconfig.json'));
  for (const folder of PROJECT) write(folder, 'good.ts', "export const good: string = 'good';\n");
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(folder: string, name: string, text: string): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, name), text);
}

/** Runs the command of a script in package.json with the binaries of this checkout. */
function run(script: string): { code: number | null; said: string } {
  const [program = '', ...args] = scripts[script]!.split(' ');
  const binary = join(repository, 'node_modules', '.bin', program);
  const { status, stdout, stderr } = spawnSync(binary, args, { cwd: root, encoding: 'utf8' });
  return { code: status, said: stdout + stderr };
}

describe('npm run check', () => {
  it('passes whatever is in the folders of a user', () => {
    for (const folder of USERS) {
      write(folder, 'bad.js', 'var a =   1;;; a == 2\n');
      write(folder, 'bad.ts', 'const a:   number = "x"; a == 2\n');
      write(folder, 'manifest.json', '{"a":    1\n}');
    }
    expect(CHECKS.length).toBeGreaterThan(2);
    for (const script of CHECKS) expect(run(script), script).toMatchObject({ code: 0 });
  });

  it.each(PROJECT)('finds the problems in %s', (folder) => {
    write(folder, 'bad.js', 'var a =   1;;; a == 2\n');
    for (const script of ['check:format', 'check:lint']) {
      const { code, said } = run(script);
      expect(code).toBe(1);
      expect(said).toContain(`${folder}/bad.js`);
    }
    rmSync(join(root, folder, 'bad.js'));
  });
});
