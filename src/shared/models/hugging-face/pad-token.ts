/** The padding token of a model whose tokenizer names none: the one whose id config.json gives. */
import { isJsonObject } from '../../text/is-json-object.ts';
import { USUAL_PAD_TOKENS } from '../../tasks/text/usual-pad-tokens.ts';
import type { ForeignFiles } from '../foreign-files.ts';
import type { Json } from './reading.ts';

/** Null if tokenizer.json has a padding token, or no token with this id. */
export async function padTokenById(files: ForeignFiles, id: unknown): Promise<string | null> {
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
