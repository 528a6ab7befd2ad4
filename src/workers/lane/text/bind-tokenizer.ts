/** The tokenizer of a model, ready for its rows: with its special tokens, its padding and its limits. */
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import type { TextConfig } from '../../../shared/tasks/text/text-config.ts';
import { parseTokenizer, type TokenizerFile } from '../../../shared/tasks/text/tokenizer-file.ts';
import { padIdOf } from './pad-token.ts';
import { createRowEncoder, type RowEncoder } from './row-encoder.ts';
import { readTemplate, specialCount, type Template } from './special-tokens.ts';
import { createTokenizer } from './tokenizer/create-tokenizer.ts';
import { counted } from '../../../shared/text/counted.ts';

export interface BoundTokenizer {
  /** The id of the token that fills up shorter rows. */
  readonly pad: number;
  /**
   * Cuts rows to `maxLength` tokens. `pairs`: whether a row may have two texts. Throws ForebayError `config_mismatch`
   * if special tokens alone fill a row.
   */
  encoder(maxLength: number, pairs: boolean): RowEncoder;
}

/** What messages call the settings. */
export interface TokenizerTerms {
  readonly maxLength: string;
  readonly padToken: string;
  /** How to name the padding token, as an example. */
  readonly addPadToken: string;
}

export interface TokenizerParts {
  /** The file. Null if it is missing. */
  readonly bytes: Buffer | null;
  /** `tokenizer`: the name of the file, for messages. */
  readonly config: Pick<TextConfig, 'tokenizer' | 'pad_token' | 'truncation_side'>;
  /** Whether the offsets of tokens in the text are needed. */
  readonly offsets: boolean;
  readonly terms: TokenizerTerms;
}

/** Throws ForebayError `config_mismatch`, and `model_load_failed` if the file cannot be used. */
export function bindTokenizer({ bytes, config, offsets, terms }: TokenizerParts): BoundTokenizer {
  const { tokenizer: name } = config;
  const file = readFile(bytes, name);
  const tokenizer = createTokenizer(file, name, offsets);
  const pad = padIdOf(config, file, tokenizer, terms);
  const template = templateOf(file, name);
  return {
    pad,
    encoder(maxLength, pairs) {
      const special = specialCount(pairs ? template.pair : template.single);
      if (special < maxLength) {
        return createRowEncoder(tokenizer, template, { ...config, max_length: maxLength });
      }
      throw new ForebayError(
        'config_mismatch',
        `${terms.maxLength} is ${maxLength}, but ${name} adds ${counted(special, 'special token')} to each row: set a larger ${terms.maxLength}`,
      );
    },
  };
}

function readFile(bytes: Buffer | null, name: string): TokenizerFile {
  const reading = bytes === null ? null : parseTokenizer(bytes);
  if (reading?.ok === true) return reading.file;
  const why = reading === null ? 'is missing' : reading.why.replace(/^the file /, '');
  throw new ForebayError('model_load_failed', `${name} ${why}`);
}

function templateOf(file: TokenizerFile, name: string): Template {
  try {
    return readTemplate(file.post_processor);
  } catch (cause) {
    throw new ForebayError('model_load_failed', `cannot use ${name}: ${messageOf(cause)}`, { cause });
  }
}
