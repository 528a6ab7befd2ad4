// An install needs no host but the registry and prints no warning, and the package holds the right files.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const at = (path: string) => new URL(`../../${path}`, import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(at(path), 'utf8')) as unknown;

interface Manifest {
  readonly allowScripts: Record<string, boolean>;
}

interface Lock {
  readonly packages: Record<string, { hasInstallScript?: boolean; optional?: boolean }>;
}

const manifest = read('package.json') as Manifest;
const { packages } = read('package-lock.json') as Lock;

/** Installed packages with a script that npm runs on install. */
const scripted = Object.keys(packages).filter((path) => {
  if (path === '' || !existsSync(at(`${path}/package.json`))) return false;
  const { scripts = {} } = read(`${path}/package.json`) as { scripts?: Record<string, string> };
  return ['preinstall', 'install', 'postinstall'].some((name) => scripts[name] !== undefined);
});

describe('an install of the checkout', () => {
  // npm runs install scripts only of packages that the lock file marks. onnxruntime-node's script downloads CUDA
  // libraries from another host, and fails if that host cannot be reached. npm 10 has no setting to skip one package.
  // A key of onnxruntime-node in .npmrc would skip the download, but npm 11 warns about that key at every call.
  it('runs only the harmless install script that the lock file marks', () => {
    const marked = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript);
    // npm itself marks this package at every install, because the package has a binding.gyp. Its install script looks
    // for a prebuilt binary.
    const harmless = 'node_modules/msgpackr-extract';
    expect(
      marked,
      'Delete the "hasInstallScript" lines of the other packages from package-lock.json.',
    ).toEqual([harmless]);
    expect(packages[harmless]!.optional).toBe(true);
  });

  it('denies all install scripts in npm versions that read "allowScripts"', () => {
    expect(scripted).toContain('node_modules/onnxruntime-node');
    const names = scripted.map((path) =>
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    );
    expect(names.filter((name) => manifest.allowScripts[name] !== false)).toEqual([]);
  });
});

describe('the package', () => {
  const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: fileURLToPath(at('.')),
    encoding: 'utf8',
  });
  // npm 12 returns an object by package name, and earlier versions a list.
  const [{ files, unpackedSize }] = Object.values(JSON.parse(packed.stdout) as object) as [
    { files: { path: string }[]; unpackedSize: number },
  ];
  const paths = files.map(({ path }) => path);

  it('holds the program, its documentation and its license', () => {
    expect(paths).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'CHANGELOG.md',
        'README.md',
        'bin/forebay.js',
        'dist/api/http/docs-page/swagger-ui-bundle.js.gz',
        'dist/api/http/docs-page/swagger-ui-bundle.js.LICENSE.txt.gz',
        'dist/client/public.js',
        'dist/client/public.d.ts',
        'dist/workers/lane/image/decode/jpeg/assembly/decoder.wasm',
        'dist/workers/lane/image/resample/assembly/kernel.wasm',
        'docs/settings.md',
        'docs/errors.md',
        'examples/digits/generate.js',
        'examples/digits/models/digits-small/model.onnx',
      ]),
    );
    const assets = readdirSync(at('src'), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(lua|css|sh|html)$/.test(path))
      .map((path) => `dist/${path}`);
    expect(assets.length).toBeGreaterThan(10);
    expect(paths).toEqual(expect.arrayContaining(assets));
  });

  it('holds nothing else', () => {
    const expected =
      /^((LICENSE|README\.md|CHANGELOG\.md|package\.json|bin\/forebay\.js)$|dist\/.*\.(js|d\.ts|lua|css|sh|wasm|gz)$|docs\/.*\.md$|examples\/digits\/)/;
    expect(paths.filter((path) => !expected.test(path))).toEqual([]);
    expect(paths.filter((path) => /\/train\/|\.(map|log|py)$|node_modules/.test(path))).toEqual([]);
    // Types are for users of the client, which needs none of these.
    expect(paths.filter((path) => /^dist\/(cli|workers)\/.*\.d\.ts$/.test(path))).toEqual([]);
    expect(unpackedSize).toBeLessThan(6_000_000);
  });

  it('holds every type that its entries lead to', () => {
    const reached = new Set<string>();
    const follow = (path: string) => {
      if (reached.has(path)) return;
      reached.add(path);
      for (const [, to] of readFileSync(at(path), 'utf8').matchAll(
        /(?:from|import\() ?['"](\.[^'"]+)['"]/g,
      )) {
        follow(join(dirname(path), to!).replace(/\.[jt]s$/, '.d.ts'));
      }
    };
    for (const entry of ['client', 'predictor']) follow(`dist/${entry}/public.d.ts`);
    expect(reached.size).toBeGreaterThan(30);
    expect([...reached].filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('has the license that package.json names', () => {
    expect(read('package.json')).toMatchObject({ license: 'Apache-2.0' });
    const text = readFileSync(at('LICENSE'), 'utf8');
    expect(text).toMatch(/^\s*Apache License\s+Version 2\.0, January 2004/);
    expect(text).toContain('END OF TERMS AND CONDITIONS');
  });
});
