// Tells whether dist is up to date. Each build writes a digest of its inputs into dist.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The lock file stands for the compilers. */
const FILES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const FOLDERS = ['dashboard', 'scripts', 'src'];
const STAMP = '.inputs';

/** A digest of the names and contents of all files that decide what a build makes. */
export function digestOfInputs(root) {
  const inFolders = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name)),
  );
  const files = FILES.map((name) => join(root, name)).filter((path) => existsSync(path));
  const all = createHash('sha256');
  for (const path of [...files, ...inFolders].toSorted()) {
    const content = createHash('sha256').update(readFileSync(path)).digest('hex');
    all.update(`${JSON.stringify(path.slice(root.length))} ${content}\n`);
  }
  return all.digest('hex');
}

export function leaveDigest(dist, digest) {
  writeFileSync(join(dist, STAMP), digest);
}

export function isBuiltFrom(dist, digest) {
  const stamp = join(dist, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digest;
}
