/** What a listing leaves out, by reason: counted, with the first names, so that nothing is dropped in silence. */
import { z } from 'zod';

export type SkipReason =
  /** A name that says that the file is no image. */
  | 'not_images'
  /** A link whose target the job may not read. */
  | 'links_outside'
  | 'broken_links'
  /** A link to a folder that it lies in. */
  | 'link_cycles'
  /** Forebay's data folder, or results of other tenants. */
  | 'private_folders'
  /** Devices, pipes and sockets. */
  | 'special_files'
  /** Names that begin with a dot. */
  | 'hidden';

/** By reason. A record, so that reasons of later versions can be read. */
export const SKIPPED = z.record(
  z.string(),
  z.object({
    count: z.int().min(0),
    first: z.array(z.string()).meta({ description: 'The first of them, by id.' }),
  }),
);
export type Skipped = z.infer<typeof SKIPPED>;

export const NOTHING_SKIPPED: Skipped = Object.freeze({});
