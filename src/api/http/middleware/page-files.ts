/** Serves the scripts and styles of pages. The build has compressed them, which also keeps the package small. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Context } from 'hono';
import { accepts } from 'hono/accepts';
import type { MountTarget } from '../endpoint/mount.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
};

interface File {
  readonly gzipped: Uint8Array<ArrayBuffer>;
  /** For clients that cannot decompress. Kept, because everybody may ask for it as often as they like. */
  plain: Uint8Array<ArrayBuffer> | null;
  /** Changes with its content, so that browsers may keep a version for ever. */
  readonly version: string;
}

/** `folder`: has the files as `<name>.gz`. Returns a function that gives the URL of a file's current version. */
export function mountPageFiles<Name extends string>(
  { app, guard }: MountTarget,
  path: string,
  folder: URL,
  names: readonly Name[],
): (name: Name) => string {
  const files = new Map<Name, File>();
  const file = (name: Name): File => {
    let found = files.get(name);
    if (!found) {
      const gzipped = new Uint8Array(readFileSync(new URL(`${name}.gz`, folder)));
      const version = createHash('sha256').update(gzipped).digest('hex').slice(0, 16);
      found = { gzipped, plain: null, version };
      files.set(name, found);
    }
    return found;
  };

  for (const name of names) {
    const at = `${path}/${name}`;
    app.get(at, async (c) => {
      await checkHost(guard, c, at);
      const found = file(name);
      const isNamed = c.req.query('v') === found.version;
      const encoding = accepts(c, {
        header: 'Accept-Encoding',
        supports: ['gzip', 'identity'],
        default: 'identity',
      });
      const isGzip = encoding === 'gzip';
      const bytes = isGzip ? found.gzipped : (found.plain ??= new Uint8Array(gunzipSync(found.gzipped)));
      return new Response(bytes, {
        headers: {
          'Content-Type': TYPES[extname(name)]!,
          ...(isGzip && { 'Content-Encoding': 'gzip' }),
          Vary: 'Accept-Encoding',
          'Cache-Control': isNamed ? 'public, max-age=31536000, immutable' : 'no-cache',
          'X-Content-Type-Options': 'nosniff',
        },
      });
    });
  }
  return (name) => `${path}/${name}?v=${file(name).version}`;
}

/** For pages and files that are open to everybody. Throws as the guard does. */
export async function checkHost(guard: MountTarget['guard'], c: Context, path: string): Promise<void> {
  await guard({ header: (name) => c.req.header(name), param: () => undefined }, { path, access: 'open' });
}
