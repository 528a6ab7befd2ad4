/** Describes in words what a job skipped. Pure. Imports only types, because loading zod slows a command's start. */
import type { SkipReason, Skipped } from './skipped.ts';

const WORDS: Readonly<Record<SkipReason, readonly [one: string, more: string]>> = {
  not_images: ['file with a non-image extension', 'files with a non-image extension'],
  links_outside: ['link to a target that the job may not read', 'links to targets that the job may not read'],
  broken_links: ['broken link', 'broken links'],
  link_cycles: ['link to a folder that contains it', 'links to folders that contain them'],
  private_folders: [
    "folder of Forebay's data or others' results",
    "folders of Forebay's data or others' results",
  ],
  special_files: ['device, pipe or socket', 'devices, pipes or sockets'],
  archive_links: ['link in an archive', 'links in an archive'],
  no_extension: ['file without an extension', 'files without an extension'],
  other_formats: ['file of another format', 'files of other formats'],
  hidden: ['hidden entry', 'hidden entries'],
};

/**
 * A phrase for each reason, such as `12 files with a non-image extension (a.txt, b.json, ...)`. `skipped`: a service
 * of an older version does not send it.
 */
export function skippedPhrases(skipped: Skipped | undefined): string[] {
  return Object.entries(skipped ?? {}).map(([reason, { count, first }]) => {
    const [one, more] = WORDS[reason as SkipReason] ?? [`entry (${reason})`, `entries (${reason})`];
    const names = first.length < count ? [...first, '...'] : first;
    return `${count.toLocaleString('en')} ${count === 1 ? one : more} (${names.join(', ')})`;
  });
}
