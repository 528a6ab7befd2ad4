/** Keeps the copies of model folders below a size. Those that no process has used for longest are deleted. */
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { VIEW } from './views.ts';
import { UNFINISHED } from '../../file-cache/make-room.ts';

/** Processes mark what they use once per minute. Whatever nobody has marked for this long is not in use. */
const UNUSED_MS = 15 * 60_000;
const DELETED = '.deleted';
/** The names of copies end with their bytes. Views take no space. */
const COPY = /^[0-9a-f]{64}(?:-(\d+)|\.view)(\.[0-9a-f]{12}\.tmp)?(\.deleted)?$/;

/** The copies that are being made count, too. Returns false if all are in use and too large. */
export async function makeRoomForCopy(root: string, maxBytes: number): Promise<boolean> {
  const names = await readdir(root);
  const found = await Promise.all(names.map(async (name) => look(root, name)));
  const copies = found.filter((copy) => copy !== null).toSorted((a, b) => a.usedAt - b.usedAt);
  let total = copies.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { name, bytes, usedAt } of copies) {
    if (Date.now() - usedAt < UNUSED_MS) continue;
    const isLeftOver = [VIEW, UNFINISHED, DELETED].some((end) => name.endsWith(end));
    if ((isLeftOver || total > maxBytes) && (await remove(root, name))) total -= bytes;
  }
  return total <= maxBytes;
}

/** Returns false if a process has begun to use it meanwhile. */
async function remove(root: string, name: string): Promise<boolean> {
  const path = join(root, name);
  const away = name.endsWith(DELETED) ? path : path + DELETED;
  try {
    if (away !== path) await rename(path, away);
    if (Date.now() - (await stat(away)).mtimeMs < UNUSED_MS) {
      await rename(away, path);
      return false;
    }
  } catch {
    // Another process deletes it, too.
    return true;
  }
  await rm(away, { recursive: true, force: true });
  return true;
}

async function look(root: string, name: string) {
  const match = COPY.exec(name);
  if (match === null) return null;
  const found = await stat(join(root, name)).catch(() => null);
  return found === null ? null : { name, bytes: Number(match[1] ?? 0), usedAt: found.mtimeMs };
}
