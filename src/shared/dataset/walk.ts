/**
 * The order of a tree of files: entries byte-sorted per folder, depth first, a subfolder's files at its
 * name's place. Starts anywhere without listing what comes before. Knows nothing of rows and cursors.
 */
import { realpath, stat } from 'node:fs/promises';
import { ForebayError, messageOf } from '../errors.ts';
import { createTurn } from '../event-loop-turn.ts';
import { listFolder, type Entry, type ListingOptions } from './folder-listing.ts';
import type { GlobFilter } from './glob-filter.ts';
import { fsPath, rawOf, textOf } from './name-bytes.ts';

export interface WalkedFile {
  /** Path relative to the root, with `/`; bytes that are not UTF-8 are U+FFFD. */
  readonly id: string;
  /** False when the id has lost bytes and so cannot open the file. */
  readonly valid: boolean;
  /** The relative path, raw (see name-bytes.ts). */
  readonly raw: string;
}

export interface WalkOptions extends Omit<ListingOptions, 'from'> {
  readonly root: string;
  readonly filter: GlobFilter;
  /** Asked of each folder and of each link's target, by real path: true passes it over. */
  readonly skips: (real: string) => boolean;
  /** Raw relative path after which to start; null: at the beginning. */
  readonly after: string | null;
}

interface Folder {
  /** Raw relative path with a trailing `/`; empty for the root. */
  readonly prefix: string;
  /** The same as text. */
  readonly idPrefix: string;
  readonly valid: boolean;
  /** Raw real path. */
  readonly real: string;
  readonly entries: AsyncGenerator<Entry>;
  /** Names still to seek: the first in this folder, the rest below it. */
  readonly seek: readonly string[];
}

/**
 * Files under the root, links followed only while their target stays under the root and is no folder being
 * walked; broken and outward links are skipped, and what `skips` names. Throws ForebayError `input_not_found` (no such root) and
 * `input_unreadable` (naming the folder).
 */
export async function* walk(options: WalkOptions): AsyncGenerator<WalkedFile> {
  const root = await realRoot(options.root);
  const stack: Folder[] = [];
  const enter = (prefix: string, real: string, seek: readonly string[]) => {
    const { text, valid } = textOf(prefix);
    const entries = listFolder(real, { ...options, from: seek[0] ?? null });
    stack.push({ prefix, idPrefix: text, valid, real, entries, seek });
  };
  enter('', root, options.after === null ? [] : options.after.split('/'));
  const turn = createTurn();
  try {
    for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
      // Entries that match nothing yield nothing: without this a large folder would hold up the process.
      if (turn.isOver()) await turn.next();
      const entry = await nextEntry(folder, options.signal);
      if (entry === null) {
        stack.pop();
        continue;
      }
      const { kind, real } =
        entry.kind === 'link' ? await resolveLink(root, folder, entry, stack) : plain(folder, entry);
      if (kind === null) continue;
      const { text, valid } = textOf(entry.name);
      const id = folder.idPrefix + text;
      const sought = entry.name === folder.seek[0];
      // A plain file is where its folder is.
      if ((kind === 'folder' || entry.kind === 'link') && options.skips(textOf(real).text)) continue;
      if (kind === 'folder') {
        if (options.filter.folder(id))
          enter(`${folder.prefix}${entry.name}/`, real, sought ? folder.seek.slice(1) : []);
      } else if (!sought && options.filter.file(id)) {
        yield { id, valid: valid && folder.valid, raw: folder.prefix + entry.name };
      }
    }
  } finally {
    for (const { entries } of stack) await entries.return(undefined);
  }
}

async function nextEntry(folder: Folder, signal: AbortSignal): Promise<Entry | null> {
  signal.throwIfAborted();
  try {
    const next = await folder.entries.next();
    return next.done === true ? null : next.value;
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ForebayError(
      'input_unreadable',
      `Cannot list the folder ${textOf(folder.real).text}: ${messageOf(error)}. Make it readable for Forebay's user, or exclude it.`,
      { cause: error },
    );
  }
}

interface Resolved {
  /** Null: no row and nothing to walk. */
  readonly kind: 'file' | 'folder' | null;
  readonly real: string;
}

function plain(folder: Folder, entry: Entry): Resolved {
  return { kind: entry.kind === 'folder' ? 'folder' : 'file', real: below(folder.real, entry.name) };
}

async function resolveLink(
  root: string,
  folder: Folder,
  entry: Entry,
  stack: readonly Folder[],
): Promise<Resolved> {
  const skipped: Resolved = { kind: null, real: '' };
  const path = fsPath(below(folder.real, entry.name));
  try {
    const real = (await realpath(path, { encoding: 'buffer' })).toString('latin1');
    if (!real.startsWith(below(root, ''))) return skipped;
    const target = await stat(path);
    if (target.isFile()) return { kind: 'file', real };
    // A folder that is being walked already would be walked for ever.
    const cycle = stack.some((open) => open.real === real);
    return target.isDirectory() && !cycle ? { kind: 'folder', real } : skipped;
  } catch (error) {
    // A broken or circular link is no row; anything else must not drop rows in silence.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ELOOP' || code === 'ENOTDIR') return skipped;
    const where = folder.idPrefix + textOf(entry.name).text;
    throw new ForebayError('input_unreadable', `Cannot follow the link ${where}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function below(folder: string, name: string): string {
  return folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

async function realRoot(root: string): Promise<string> {
  try {
    return rawOf(await realpath(root));
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw missing
      ? new ForebayError('input_not_found', `The input folder ${root} does not exist.`, { cause: error })
      : new ForebayError('input_unreadable', `Cannot read the input folder ${root}: ${messageOf(error)}.`, {
          cause: error,
        });
  }
}
