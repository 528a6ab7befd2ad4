/** What a listing skips, by reason. The count and the first names are kept, so that nothing disappears silently. */
import { z } from 'zod';

export type SkipReason =
  /** The extension shows that the file is not an image. */
  | 'not_images'
  /** A link whose target the job may not read. */
  | 'links_outside'
  | 'broken_links'
  /** A link to a folder that contains it. */
  | 'link_cycles'
  /** Forebay's data folder, or other tenants' results. */
  | 'private_folders'
  /** Devices, pipes and sockets. */
  | 'special_files'
  /** A link in an archive. */
  | 'archive_links'
  /** A member of a grouped archive whose name has no extension. */
  | 'no_extension'
  /** A file in the folder of a table, with the extension of another format. */
  | 'other_formats'
  /** Names that begin with a dot, or, in the folder of a table, with `_`. */
  | 'hidden';

/** By reason. The keys are open, so that reasons of newer versions can be read. */
export const SKIPPED = z.record(
  z.string(),
  z.object({
    count: z.int().min(0),
    first: z.array(z.string()).meta({ description: 'The first of them, in the order of their ids.' }),
  }),
);
export type Skipped = z.infer<typeof SKIPPED>;

export const NOTHING_SKIPPED: Skipped = Object.freeze({});
