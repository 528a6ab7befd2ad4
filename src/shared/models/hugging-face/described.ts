import type { ForeignConfig } from '../foreign-folder.ts';

/** What some files of a folder say. */
export type Described = Pick<ForeignConfig, 'fields' | 'missing' | 'notes'>;
