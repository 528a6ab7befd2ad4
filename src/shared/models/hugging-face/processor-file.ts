/** Finds the settings of a folder's processor, which are in a file of their own or in one for several processors. */
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import { PROCESSOR_FILE, type Json } from './reading.ts';
import { isJsonObject } from '../../text/is-json-object.ts';

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
  return isJsonObject(inside)
    ? { given: inside, file: `${NESTED_FILE} (${kind})` }
    : { given: own, file: PROCESSOR_FILE };
}

/** The same description, in which messages name the file that the settings come from. */
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

/** `line`: a message that names the usual file. */
export function sourceIn(line: string, file: string): string {
  return line.replaceAll(PROCESSOR_FILE, file);
}
