// An earlier version of this project, built from the repository's own history, for tests of two versions side by side.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redisCacheDir } from './redis.ts';

/** The last commit before job specs of version 2. Its workers read only version 1 of block data and job specs. */
const COMMIT = '4b0750c1a9dd221806633187ac266cb20c44553e';
const SOURCES = ['src', 'scripts', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const cached = join(redisCacheDir, `old-version-${COMMIT.slice(0, 12)}`);

/** Null if the old version can be built, otherwise the reason for skipping a test. */
export const noOldVersion: string | null =
  existsSync(cached) || isInHistory()
    ? null
    : `skipped: this checkout lacks commit ${COMMIT.slice(0, 12)} (a shallow clone, or a package without .git)`;

export interface OldVersion {
  /** A folder with `dist` and `node_modules`, like a checkout. */
  readonly root: string;
  remove(): void;
}

/** Builds the old version once per machine. The old version runs with the packages of this checkout. */
export function openOldVersion(): OldVersion {
  if (!existsSync(cached)) build();
  const root = mkdtempSync(join(tmpdir(), 'forebay-old-'));
  cpSync(cached, root, { recursive: true });
  linkPackages(root);
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function isInHistory(): boolean {
  try {
    execFileSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: checkout, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** Builds in another folder and renames it, so that a test that runs at the same time never sees half a build. */
function build(): void {
  mkdirSync(redisCacheDir, { recursive: true });
  const building = mkdtempSync(`${cached}-building-`);
  try {
    const archive = execFileSync('git', ['archive', COMMIT, ...SOURCES], {
      cwd: checkout,
      maxBuffer: 2 ** 28,
    });
    execFileSync('tar', ['-x', '-C', building], { input: archive });
    linkPackages(building);
    execFileSync(process.execPath, [join(building, 'scripts', 'build.js')], { stdio: 'pipe' });
    const built = join(building, 'built');
    mkdirSync(built);
    for (const name of ['dist', 'package.json']) renameSync(join(building, name), join(built, name));
    renameSync(built, cached);
  } catch (error) {
    // Another test may have finished the same build meanwhile.
    if (!existsSync(cached)) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

function linkPackages(root: string): void {
  symlinkSync(join(checkout, 'node_modules'), join(root, 'node_modules'));
}
