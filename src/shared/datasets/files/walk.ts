/**
 * Walks a tree of files depth first, with the entries of each folder in byte order. It can start at any file without
 * listing what comes before.
 */
import { realpath } from 'node:fs/promises';
import { ForebayError, messageOf } from '../../errors.ts';
import type { ListingRule } from '../../domain/dataset-spec.ts';
import type { SkipReason } from '../../domain/skipped.ts';
import { createTurn } from '../../process/event-loop-turn.ts';
import { listFolder, type Entry, type ListingOptions } from './folder-listing.ts';
import type { GlobFilter } from '../listing/glob-filter.ts';
import { resolveLink } from './link-target.ts';
import { isLeftOut } from '../listing/listing-rule.ts';
import { rawOf, textOf } from './name-bytes.ts';

export interface WalkedFile {
  /** The path relative to the root, with `/`. Bytes that are not UTF-8 are U+FFFD. */
  readonly id: string;
  /** False if the id has lost bytes, so that it cannot open the file. */
  readonly valid: boolean;
  /** The relative path, raw (see name-bytes.ts). */
  readonly raw: string;
}

export interface WalkOptions extends Omit<ListingOptions, 'from'> {
  readonly root: string;
  readonly rule: ListingRule;
  readonly filter: GlobFilter;
  /** Whether an include pattern names the extension of a file. The file is then a row even if it is not an image. */
  readonly isExplicitlyIncluded: (id: string) => boolean;
  /** Tells which folders and link targets to skip, by real path. */
  readonly skips: (real: string) => boolean;
  /** Called for everything that is left out, except by the filter. */
  readonly onSkip: (reason: SkipReason, id: string) => void;
  /** The raw relative path to start after; null starts at the beginning. */
  readonly after: string | null;
}

interface Folder {
  /** The raw relative path with a trailing `/`; empty for the root. */
  readonly prefix: string;
  /** The same bytes as text. */
  readonly idPrefix: string;
  readonly valid: boolean;
  /** The raw real path. */
  readonly real: string;
  readonly entries: AsyncGenerator<Entry>;
  /** What is left of the path to start after: the name in this folder, then the names below it. */
  readonly seek: readonly string[];
}

/** The decision on an entry: a file, a folder to walk, a reason to skip it, or null if the filter leaves it out. */
type Outcome = 'file' | { readonly folder: string } | SkipReason | null;

/**
 * The files below the root that are rows by the listing rule. From rule 2 on, the walk never enters a folder that it is
 * already inside. Throws ForebayError `input_not_found` for a missing root, and `input_unreadable`, which names the
 * folder or the link.
 */
export async function* walk(options: WalkOptions): AsyncGenerator<WalkedFile> {
  const { rule, filter } = options;
  const root = await realRoot(options.root);
  const stack: Folder[] = [];
  const enter = (prefix: string, real: string, seek: readonly string[]) => {
    const { text, valid } = textOf(prefix);
    const entries = listFolder(real, { ...options, from: seek[0] ?? null });
    stack.push({ prefix, idPrefix: text, valid, real, entries, seek });
  };
  const isOpen = (real: string) => stack.some((open) => open.real === real);

  function fileOutcome(id: string, name: string): Outcome {
    if (!filter.file(id)) return null;
    return isLeftOut(rule, id, name, options.isExplicitlyIncluded) ? 'not_images' : 'file';
  }

  async function linkOutcome(folder: Folder, entry: Entry, id: string): Promise<Outcome> {
    const target = await resolveLink(below(folder.real, entry.name), id);
    if (target.kind === 'broken') {
      const outcome = fileOutcome(id, entry.name);
      return outcome === 'file' && rule === 1 ? 'broken_links' : outcome;
    }
    const { kind, real } = target;
    const wanted =
      kind === 'folder' ? (filter.folder(id) ? { folder: real } : null) : fileOutcome(id, entry.name);
    if (wanted === null || wanted === 'not_images') return wanted;
    const within = rule > 1 || real.startsWith(below(root, ''));
    if (!within || options.skips(textOf(real).text)) return 'links_outside';
    if (kind === 'special') return 'special_files';
    return kind === 'folder' && isOpen(real) ? 'link_cycles' : wanted;
  }

  function folderOutcome(folder: Folder, entry: Entry, id: string): Outcome {
    if (!filter.folder(id)) return null;
    const real = below(folder.real, entry.name);
    if (options.skips(textOf(real).text)) return 'private_folders';
    // A link to a parent folder leads to a folder that the walk is already inside.
    return rule > 1 && isOpen(real) ? 'link_cycles' : { folder: real };
  }

  /** Returns a promise only for links, because awaiting one per file would be slow. */
  function outcomeOf(folder: Folder, entry: Entry, id: string): Outcome | Promise<Outcome> {
    switch (entry.kind) {
      case 'file':
        // The folder was checked, so the file needs no further check.
        return fileOutcome(id, entry.name);
      case 'folder':
        return folderOutcome(folder, entry, id);
      case 'link':
        return linkOutcome(folder, entry, id);
      case 'special':
        return filter.file(id) ? 'special_files' : null;
      case 'hidden':
        return 'hidden';
    }
  }

  enter('', root, options.after === null ? [] : options.after.split('/'));
  const turn = createTurn();
  try {
    for (let folder = stack.at(-1); folder !== undefined; folder = stack.at(-1)) {
      // Entries that do not match yield nothing. Without this, a large folder would block the process.
      if (turn.isOver()) await turn.next();
      const entry = await nextEntry(folder, options.signal);
      if (entry === null) {
        stack.pop();
        continue;
      }
      const { text, valid } = textOf(entry.name);
      const id = folder.idPrefix + text;
      const decided = outcomeOf(folder, entry, id);
      const outcome = decided instanceof Promise ? await decided : decided;
      const sought = entry.name === folder.seek[0];
      if (outcome === null) continue;
      if (typeof outcome === 'object') {
        enter(`${folder.prefix}${entry.name}/`, outcome.folder, sought ? folder.seek.slice(1) : []);
      } else if (sought) {
        continue;
      } else if (outcome === 'file') {
        yield { id, valid: valid && folder.valid, raw: folder.prefix + entry.name };
      } else {
        options.onSkip(outcome, id);
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
      `Cannot list the folder ${textOf(folder.real).text}: ${messageOf(error)}. Make it readable for the user that runs Forebay, or exclude it.`,
      { cause: error },
    );
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
