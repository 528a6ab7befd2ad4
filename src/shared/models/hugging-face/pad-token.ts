/** The padding token that the files of a Hugging Face folder name. */
import { isJsonObject } from '../../text/is-json-object.ts';
import { USUAL_PAD_TOKENS } from '../../tasks/text/usual-pad-tokens.ts';
import { objectIn, type ForeignFiles } from '../foreign-files.ts';
import { TOKENIZER_CONFIG, type Json } from './reading.ts';

/** Versions of transformers before 4.34 read the special tokens from a file of their own. */
const SPECIAL_TOKENS = 'special_tokens_map.json';

export interface PadToken {
  readonly token: string;
  /** The file that names it, for messages. */
  readonly from: string;
}

/**
 * `tokenizer`: the content of tokenizer_config.json. `config`: that of config.json, whose `pad_token_id` counts if no
 * other file names a token. Null if the tokenizer itself has a padding token, or none is named.
 */
export async function padTokenOf(
  files: ForeignFiles,
  tokenizer: Json,
  config: Json,
): Promise<PadToken | null> {
  const named = [
    { from: TOKENIZER_CONFIG, token: tokenText(tokenizer['pad_token']) },
    { from: SPECIAL_TOKENS, token: tokenText((await objectIn(files, SPECIAL_TOKENS))['pad_token']) },
  ];
  // As in transformers, the special tokens come first unless the settings describe the added tokens.
  const ordered = isJsonObject(tokenizer['added_tokens_decoder']) ? named : named.toReversed();
  for (const { from, token } of ordered) if (token !== null) return { from, token };
  const id = config['pad_token_id'];
  const token = await padTokenById(files, id);
  return token === null ? null : { token, from: `config.json (pad_token_id ${String(id)})` };
}

/** A token is a text, or an object with its content. */
function tokenText(value: unknown): string | null {
  const text = isJsonObject(value) ? value['content'] : value;
  return typeof text === 'string' && text !== '' ? text : null;
}

/** Null if tokenizer.json has a padding token, or no token with this id. */
async function padTokenById(files: ForeignFiles, id: unknown): Promise<string | null> {
  if (typeof id !== 'number') return null;
  // Whoever loads the tokenizer says why it cannot be read.
  const tokenizer = await files.json('tokenizer.json').catch(() => null);
  if (!isJsonObject(tokenizer) || isJsonObject(tokenizer['padding'])) return null;
  const tokens = tokensOf(tokenizer);
  if (tokens.some(([token]) => USUAL_PAD_TOKENS.includes(token))) return null;
  return tokens.find(([, at]) => at === id)?.[0] ?? null;
}

function tokensOf({ added_tokens: added, model }: Json): readonly (readonly [string, unknown])[] {
  const vocab = isJsonObject(model) ? model['vocab'] : null;
  return [
    ...(Array.isArray(added) ? added : [])
      .filter(isJsonObject)
      .map(({ content, id }) => [String(content), id] as const),
    // Unigram has a list of tokens with scores.
    ...(Array.isArray(vocab) ? vocab.map((entry, id) => [String((entry as unknown[])[0]), id] as const) : []),
    ...(isJsonObject(vocab) ? Object.entries(vocab) : []),
  ];
}
