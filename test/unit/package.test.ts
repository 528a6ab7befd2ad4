// What package.json and the lock file promise to those who install: no other host, no warning, no surprise.
import { existsSync, readFileSync } from 'node:fs';
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

/** Installed packages that have a script which npm runs when it installs them. */
const scripted = Object.keys(packages).filter((path) => {
  if (path === '' || !existsSync(at(`${path}/package.json`))) return false;
  const { scripts = {} } = read(`${path}/package.json`) as { scripts?: Record<string, string> };
  return ['preinstall', 'install', 'postinstall'].some((name) => scripts[name] !== undefined);
});

describe('an install of the checkout', () => {
  // npm runs the install script only of packages that the lock file marks. onnxruntime-node's script downloads CUDA
  // libraries from another host and fails where that host cannot be reached. npm 10 has no setting to skip one
  // package, and npm 11 warns of onnxruntime-node's own key in .npmrc at every call.
  it('runs no install script, for the lock file marks none that matters', () => {
    const marked = Object.keys(packages).filter((path) => packages[path]!.hasInstallScript);
    // npm itself marks this one at every install, for its binding.gyp. Its script looks for its own binary.
    const harmless = 'node_modules/msgpackr-extract';
    expect(
      marked,
      'Delete the "hasInstallScript" lines of the other packages from package-lock.json.',
    ).toEqual([harmless]);
    expect(packages[harmless]!.optional).toBe(true);
  });

  it('denies the same scripts to versions of npm that ask', () => {
    expect(scripted).toContain('node_modules/onnxruntime-node');
    const names = scripted.map((path) =>
      path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    );
    expect(names.filter((name) => manifest.allowScripts[name] !== false)).toEqual([]);
  });
});
