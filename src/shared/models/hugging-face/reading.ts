/** The result of reading another tool's config, besides its values. */

export interface Reading {
  /** One line for each field that was taken. */
  readonly taken: readonly string[];
  /** Notes that the user must check. */
  readonly open: readonly string[];
}

/** The config of a processor of images, or of a feature extractor for sounds. */
export const PROCESSOR_FILE = 'preprocessor_config.json';

/** The settings of a tokenizer. */
export const TOKENIZER_CONFIG = 'tokenizer_config.json';

export type Json = Readonly<Record<string, unknown>>;

/** Lists fields of the processor's config that are not understood. */
export function fieldNote(fields: Json): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return `${PROCESSOR_FILE}: ${given.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(', ')}`;
}
