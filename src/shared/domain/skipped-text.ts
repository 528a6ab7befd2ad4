/** What a job left out, in words. Pure; without the schema, which takes a command long to load. */
import type { SkipReason, Skipped } from './skipped.ts';

const WORDS: Readonly<Record<SkipReason, readonly [one: string, more: string]>> = {
  not_images: ['file that is no image by its name', 'files that are no images by their names'],
  links_outside: ['link to what the job may not read', 'links to what the job may not read'],
  broken_links: ['link to nothing', 'links to nothing'],
  link_cycles: ['link to a folder that it lies in', 'links to folders that they lie in'],
  private_folders: [
    "folder of Forebay's data or others' results",
    "folders of Forebay's data or others' results",
  ],
  special_files: ['device, pipe or socket', 'devices, pipes or sockets'],
  hidden: ['hidden entry', 'hidden entries'],
};

/** `skipped`: absent in what a service of an earlier version says. A phrase for each reason, e.g. `12 files that are no images by their names (a.txt, b.json, ...)`. */
export function skippedPhrases(skipped: Skipped | undefined): string[] {
  return Object.entries(skipped ?? {}).map(([reason, { count, first }]) => {
    const [one, more] = WORDS[reason as SkipReason] ?? [`entry (${reason})`, `entries (${reason})`];
    const names = first.length < count ? [...first, '...'] : first;
    return `${count.toLocaleString('en')} ${count === 1 ? one : more} (${names.join(', ')})`;
  });
}
