/**
 * Models folders made of links to copies, so that the models of one prefix lie side by side, as a pipeline expects of its
 * members. A view never changes. A new listing makes a new one.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readlink, rename, rm, symlink, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UNFINISHED } from '../../file-cache/make-room.ts';
import { sha256 } from '../../text/sha256.ts';

export const VIEW = '.view';

/** `links`: from each path in the view to the folder or file of a copy. Returns the view's folder. */
export async function makeView(root: string, links: ReadonlyMap<string, string>): Promise<string> {
  const key = sha256(JSON.stringify([...links]));
  const view = join(root, key + VIEW);
  const now = new Date();
  const exists = await utimes(view, now, now).then(
    () => true,
    () => false,
  );
  if (exists) return view;
  const own = `${view}.${randomBytes(6).toString('hex')}${UNFINISHED}`;
  try {
    await mkdir(own, { recursive: true, mode: 0o700 });
    for (const [path, target] of links) {
      await mkdir(dirname(join(own, path)), { recursive: true, mode: 0o700 });
      await symlink(target, join(own, path));
    }
    await rename(own, view).catch((error: NodeJS.ErrnoException) => {
      // Another process has made the same view.
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return view;
}

/** The targets of all links in a view. */
export async function targetsOf(view: string): Promise<string[]> {
  const entries = await readdir(view, { withFileTypes: true, recursive: true });
  const links = entries.filter((entry) => entry.isSymbolicLink());
  return Promise.all(links.map(async ({ parentPath, name }) => readlink(join(parentPath, name))));
}
