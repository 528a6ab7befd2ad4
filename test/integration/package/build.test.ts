// `npm run build` in a small checkout: the contents of dist while a build runs, fails, is killed or runs twice at once.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../../support/wait-until.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const KERNEL = 'workers/lane/image/resample/assembly/kernel';
const WHOLE = ['main.js', 'main.d.ts', 'script.lua', `${KERNEL}.wasm`, 'api/http/docs-page/page.css.gz'];

/** A built checkout. Each test gets a copy. */
let built: string;
let root: string;
beforeAll(async () => {
  built = mkdtempSync(join(tmpdir(), 'forebay-built-'));
  root = built;
  for (const name of ['scripts', 'tsconfig.json', 'tsconfig.build.json', 'package.json']) {
    cpSync(join(repository, name), join(root, name), { recursive: true });
  }
  const kernel = join(root, 'src', `${KERNEL}.ts`);
  mkdirSync(dirname(kernel), { recursive: true });
  writeFileSync(kernel, 'export function one(): i32 {\n  return 1;\n}\n');
  writeFileSync(join(root, 'src', 'script.lua'), 'return 1\n');
  mkdirSync(join(root, 'dashboard', 'reference'), { recursive: true });
  cpSync(join(repository, 'dashboard', 'tsconfig.json'), join(root, 'dashboard', 'tsconfig.json'));
  writeFileSync(join(root, 'dashboard', 'main.tsx'), 'document.title = "a page";\n');
  writeFileSync(join(root, 'dashboard', 'reference', 'main.ts'), 'document.title = "another page";\n');
  for (const page of ['.', 'reference']) writeFileSync(join(root, 'dashboard', page, 'style.css'), 'a {}\n');
  writeSource("export const version = 'old';");
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
  expect(await build().code).toBe(0);
  rmSync(join(root, 'node_modules'));
});
afterAll(() => rmSync(built, { recursive: true, force: true }));
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'forebay-build-'));
  cpSync(built, root, { recursive: true });
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'));
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

function writeSource(text: string): void {
  writeFileSync(join(root, 'src', 'main.ts'), `${text}\n`);
}

/** Builds in a separate process group, so that a kill also reaches the compilers. */
function build(...flags: string[]) {
  const child = spawn(process.execPath, [join(root, 'scripts', 'build.js'), ...flags], {
    detached: true,
    stdio: 'ignore',
  });
  return { pid: child.pid!, code: once(child, 'close').then(([code]) => code as number | null) };
}

const listing = () => readdirSync(join(root, 'dist'), { recursive: true, encoding: 'utf8' });
const mainModule = () => readFileSync(join(root, 'dist', 'main.js'), 'utf8');
const inodeOfDist = () => statSync(join(root, 'dist')).ino;
const beside = () => readdirSync(root).filter((name) => name.startsWith('.dist'));

describe('a build', () => {
  it('that fails keeps the old dist and leaves nothing beside it', async () => {
    writeSource("export const version: number = 'of the wrong type';");
    expect(await build().code).toBe(1);
    expect(mainModule()).toContain("'old'");
    expect(listing()).toEqual(expect.arrayContaining(WHOLE));
    expect(beside()).toEqual([]);
  });

  it('that is killed keeps the old dist, and the next build cleans up', async () => {
    writeSource("export const version = 'new';");
    const { pid, code } = build();
    await waitUntil('the build to have begun', () => beside().length > 0 || null);
    process.kill(-pid, 'SIGKILL');
    expect(await code).toBeNull();
    expect(mainModule()).toContain("'old'");
    expect(listing()).toEqual(expect.arrayContaining(WHOLE));

    expect(await build().code).toBe(0);
    expect(mainModule()).toContain("'new'");
    expect(beside()).toEqual([]);
  });

  it('never shows half a dist, even while two builds run', async () => {
    writeSource("export const version = 'new';");
    let running = true;
    const codes = Promise.all([build().code, build().code]).finally(() => (running = false));
    let looks = 0;
    while (running) {
      const seen = look();
      if (seen !== null) expect(seen).toEqual(expect.arrayContaining(WHOLE));
      looks += 1;
      await turn();
    }
    expect(await codes).toEqual([0, 0]);
    expect(looks).toBeGreaterThan(10);
    expect(mainModule()).toContain("'new'");
    expect(beside()).toEqual([]);
  });

  it('with --if-changed is made only if an input has changed, or dist is gone', async () => {
    const before = inodeOfDist();
    expect(await build('--if-changed').code).toBe(0);
    expect(inodeOfDist()).toBe(before);
    expect(await build().code).toBe(0);
    expect(inodeOfDist()).not.toBe(before);

    writeSource("export const version = 'new';");
    expect(await build('--if-changed').code).toBe(0);
    expect(mainModule()).toContain("'new'");
    rmSync(join(root, 'dashboard', 'tsconfig.json'));
    expect(await build('--if-changed').code).not.toBe(0);
    rmSync(join(root, 'dist'), { recursive: true });
    cpSync(join(repository, 'dashboard', 'tsconfig.json'), join(root, 'dashboard', 'tsconfig.json'));
    expect(await build('--if-changed').code).toBe(0);
    expect(listing()).toEqual(expect.arrayContaining(WHOLE));
  });

  it('with --if-changed is made again after one that failed', async () => {
    writeSource("export const version: number = 'of the wrong type';");
    expect(await build('--if-changed').code).toBe(1);
    expect(await build('--if-changed').code).toBe(1);
  });

  it('restores the dist of a build that died between its two renames', async () => {
    cpSync(join(root, 'dist'), join(root, '.dist-old-4194999'), { recursive: true });
    rmSync(join(root, 'dist'), { recursive: true });
    writeSource("export const version: number = 'of the wrong type';");
    expect(await build().code).toBe(1);
    expect(mainModule()).toContain("'old'");
    expect(beside()).toEqual([]);
  });
});

/** Lists dist. Null if dist was replaced during the listing, which takes several system calls. */
function look(): string[] | null {
  try {
    const before = inodeOfDist();
    const seen = listing();
    return inodeOfDist() === before ? seen : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
