/** Texts of a predictor as the inputs of one model call. */
import type { EncodedTexts, EncodeOptions, TextFeeds } from '../../../predictor/tokenizer.ts';
import { invalidRow } from '../tasks/record.ts';
import { createFeeder } from '../text/batch/feeder.ts';
import { createTokenRowsPool } from '../text/batch/token-rows.ts';
import type { BoundTokenizer } from '../text/bind-tokenizer.ts';
import { ATTENTION_MASK, INPUT_IDS, TOKEN_TYPE_IDS } from '../text/fit-text-inputs.ts';
import { NO_TOKENS, notEncoded } from '../text/not-encoded.ts';
import { kindOf, type RowText } from '../text/row-text.ts';
import { RowFailed } from './row-failed.ts';

const INPUTS = [INPUT_IDS, ATTENTION_MASK, TOKEN_TYPE_IDS].map((name) => ({
  name,
  type: 'int64',
  shape: ['texts', 'tokens'],
}));

/** Code of users need not follow the types. Rejects with RowFailed if a text is at fault. */
export async function encodeTexts(
  tokenizer: BoundTokenizer,
  texts: readonly string[],
  { maxLength, pairs }: EncodeOptions & { readonly maxLength: number },
): Promise<EncodedTexts> {
  const rows = rowsOf(texts, pairs);
  const encoder = tokenizer.encoder(maxLength, pairs !== undefined);
  // Code may hold what it got from several calls, so no call reuses the memory of another.
  const tokens = createTokenRowsPool().take(rows.length);
  try {
    const waiting: Promise<unknown>[] = [];
    for (const [at, row] of rows.entries()) {
      const added = encoder.encode(tokens, at, row);
      if (added instanceof Promise) waiting.push(added);
    }
    await Promise.all(waiting);
  } catch (error) {
    throw new RowFailed(notEncoded(error));
  }
  const lengths = rows.map((_, at) => tokens.length(at));
  if (lengths.includes(0)) throw new RowFailed(NO_TOKENS);
  const feeder = createFeeder({ inputs: INPUTS, fixedLength: null }, tokenizer.pad);
  return { feeds: feeder.feed(tokens, [...rows.keys()]) as TextFeeds, lengths };
}

function rowsOf(texts: unknown, pairs: unknown): readonly RowText[] {
  if (!Array.isArray(texts)) throw new TypeError(`encode() takes a list of texts: encode([text])`);
  if (pairs !== undefined && !(Array.isArray(pairs) && pairs.length === texts.length)) {
    throw new TypeError(
      'encode() takes in "pairs" one second text per text, or null: a list as long as the texts',
    );
  }
  const second = pairs as readonly unknown[] | undefined;
  return Array.from(texts as readonly unknown[], (text, i) => ({
    text: checked(text, `texts[${i}]`),
    pair: second?.[i] === undefined || second[i] === null ? null : checked(second[i], `pairs[${i}]`),
  }));
}

function checked(text: unknown, what: string): string {
  if (typeof text === 'string') return text;
  throw new RowFailed(invalidRow(`${what} of encode() is ${kindOf(text)}, and must be text (a string)`));
}
