/** A Redis server program on this disk, installed or in an unpacked package, with the libraries that it needs. */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface RedisProgram {
  readonly path: string;
  /** Folders of shared libraries in addition to those of the system. */
  readonly libraryPath: readonly string[];
}

const NAMES = ['valkey-server', 'redis-server'];

export function installedRedis(env: NodeJS.ProcessEnv): RedisProgram | null {
  const path = NAMES.map((name) => onPath(name, env)).find((found) => found !== null);
  return path ? { path, libraryPath: [] } : null;
}

/** The server in a folder of unpacked Debian packages. */
export function redisInTree(tree: string): RedisProgram | null {
  const path = NAMES.map((name) => join(tree, 'usr', 'bin', name)).find((file) => existsSync(file));
  if (!path) return null;
  const roots = [join(tree, 'usr', 'lib'), join(tree, 'lib')].filter((folder) => existsSync(folder));
  const libraryPath = roots.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'))
      .map((entry) => join(folder, entry.name)),
  );
  return { path, libraryPath };
}

/** The environment with which the program finds its libraries. */
export function libraryEnv({ libraryPath }: RedisProgram): Record<string, string> {
  return libraryPath.length === 0 ? {} : { LD_LIBRARY_PATH: libraryPath.join(':') };
}

/** The first executable file with this name on `env.PATH`, or null. */
export function onPath(name: string, env: NodeJS.ProcessEnv): string | null {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    if (folder !== '' && isExecutable(path)) return path;
  }
  return null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
