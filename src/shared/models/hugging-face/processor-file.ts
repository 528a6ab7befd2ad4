/** Where a folder has the settings of its processor: a file of their own, or one for processors of several kinds of data. */
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import { PROCESSOR_FILE, type Json } from './reading.ts';

/** Written by transformers from version 5 on. */
export const NESTED_FILE = 'processor_config.json';

export interface Processor {
  readonly given: Json;
  /** Its source, for messages. */
  readonly file: string;
}

type Kind = 'image_processor' | 'feature_extractor';

export async function processorIn(files: ForeignFiles, kind: Kind): Promise<Processor> {
  return chooseProcessor(kind, await objectIn(files, NESTED_FILE), await objectIn(files, PROCESSOR_FILE));
}

/** transformers prefers the nested settings, too. */
export function chooseProcessor(kind: Kind, nested: Json, own: Json): Processor {
  const inside = nested[kind];
  return typeof inside === 'object' && inside !== null && !Array.isArray(inside)
    ? { given: inside as Json, file: `${NESTED_FILE} (${kind})` }
    : { given: own, file: PROCESSOR_FILE };
}

/** The same with the source that the settings come from. */
export function fromFile(described: Described, { file }: Pick<Processor, 'file'>): Described {
  const renamed = (line: string) => sourceIn(line, file);
  const all = (lines: ReadonlyMap<string, string> = new Map()) =>
    new Map([...lines].map(([path, line]) => [path, renamed(line)]));
  return {
    ...described,
    missing: all(described.missing),
    unlessGiven: all(described.unlessGiven),
    notes: described.notes.map(renamed),
  };
}

/** Readers of the settings name the usual file. */
export function sourceIn(line: string, file: string): string {
  return line.replaceAll(PROCESSOR_FILE, file);
}
