/** What a Hugging Face folder says about the input of a text model. */
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import type { Described } from './described.ts';
import { padTokenOf } from './pad-token.ts';
import { TOKENIZER_CONFIG as FILE, type Json } from './reading.ts';

const SENTENCE_FILE = 'sentence_bert_config.json';
/** Longer limits stand for "none" in tokenizer_config.json. */
const MOST_TOKENS = 32_768;
/** In these model types, positions start behind the id of the padding, so two positions hold no token. */
const SHIFTED_POSITIONS = /roberta|camembert|longformer|mpnet|xlm-?r|esm/i;
const POSITIONS_LOST = 2;

export async function describeText(files: ForeignFiles, config: Json): Promise<Described> {
  const tokenizer = await objectIn(files, FILE);
  const missing = new Map<string, string>();
  const notes: string[] = [];
  if (!(await files.isFile('tokenizer.json'))) {
    missing.set(
      '/tokenizer',
      'there is no tokenizer.json: save one with tokenizer.save_pretrained() of a fast tokenizer',
    );
  }
  const taken: string[] = [];
  const own = lengthOf(tokenizer['model_max_length']);
  const positions = positionsOf(config);
  const limits = [own, positions].filter((n) => n !== null);
  const maxLength = limits.length === 0 ? null : Math.min(...limits);
  if (maxLength === null) {
    missing.set('/max_length', `neither ${FILE} nor config.json shows how many tokens the model takes`);
  } else {
    const from = maxLength === own ? `${FILE} (model_max_length)` : 'config.json (max_position_embeddings)';
    taken.push(`max_length ${maxLength}: taken from ${from}`);
  }
  const pad = await padTokenOf(files, tokenizer, config);
  if (pad !== null) taken.push(`pad_token "${pad.token}": taken from ${pad.from}`);
  const given = tokenizer['truncation_side'];
  const side = given === 'left' || given === 'right' ? given : null;
  if (side !== null) taken.push(`truncation_side "${side}": taken from ${FILE}`);
  if (tokenizer['padding_side'] === 'left') {
    notes.push(`${FILE}: padding_side "left" is not followed, because the attention mask hides the padding`);
  }
  return {
    fields: {
      tokenizer: 'tokenizer.json',
      ...(maxLength === null ? {} : { max_length: maxLength }),
      ...(pad === null ? {} : { pad_token: pad.token }),
      ...(side === null ? {} : { truncation_side: side }),
    },
    missing,
    notes,
    taken,
  };
}

/** How many tokens a sentence-transformers model takes. Its own limit may be lower than that of its tokenizer. */
export async function sentenceLimits(
  files: ForeignFiles,
  fields: Json,
): Promise<{ readonly own: number | null; readonly lowest: number | null }> {
  const own = lengthOf((await objectIn(files, SENTENCE_FILE))['max_seq_length']);
  const limits = [own, lengthOf(fields['max_length'])].filter((n) => n !== null);
  return { own, lowest: limits.length === 0 ? null : Math.min(...limits) };
}

/** Fields of model.json, from the files beside tokenizer.json. Each of the files may be missing. */
export async function tokenizerFields(files: ForeignFiles): Promise<Json> {
  // In a folder of code, config.json may be anything.
  const config = Object(await files.json('config.json')) as Json;
  const { fields } = await describeText(files, config);
  const { lowest } = await sentenceLimits(files, fields);
  return lowest === null ? fields : { ...fields, max_length: lowest };
}

function lengthOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MOST_TOKENS
    ? value
    : null;
}

function positionsOf(config: Json): number | null {
  const positions = lengthOf(config['max_position_embeddings']);
  if (positions === null) return null;
  return SHIFTED_POSITIONS.test(String(config['model_type'])) ? positions - POSITIONS_LOST : positions;
}
