import type { ForeignConfig } from '../foreign-folder.ts';

/** What some files of a folder say. */
export type Described = Pick<ForeignConfig, 'fields' | 'missing' | 'notes'>;

export function bothOf(a: Described, b: Described): Described {
  return {
    fields: { ...a.fields, ...b.fields },
    missing: new Map([...a.missing, ...b.missing]),
    notes: [...a.notes, ...b.notes],
  };
}
