/**
 * Hugging Face's own tokenizer, compiled. Slower for short texts than the one in JavaScript, and exact for all files.
 */
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';
import { modelTypeOf, WORD_PIECE_PREFIX } from './exact-in-js.ts';
import { trimOffsets } from './offsets/trim-offsets.ts';
import type { EncodedText, TextTokenizer, TokenOffsets } from './text-tokenizer.ts';

/** An optional package. Its Tokenizer is the type below. */
export const NATIVE = '@anush008/tokenizers';

export interface NativeLibrary {
  readonly Tokenizer: { fromString(json: string): NativeTokenizer };
}

interface NativeTokenizer {
  encode(text: string, pair: null, options: { addSpecialTokens: boolean }): Promise<NativeEncoding>;
  tokenToId(token: string): number | null;
}

interface NativeEncoding {
  getIds(): number[];
  /** In code points. */
  getOffsets(): (readonly [number, number])[];
  getTokens(): string[];
}

/** Throws an Error if the library cannot read the file. */
export function createNativeTokenizer(
  { Tokenizer }: NativeLibrary,
  file: TokenizerFile,
  offsets: boolean,
): TextTokenizer {
  const tokenizer = Tokenizer.fromString(JSON.stringify({ ...file, truncation: null, padding: null }));
  const prefix =
    modelTypeOf(file) === 'WordPiece' ? (file.model.continuing_subword_prefix ?? WORD_PIECE_PREFIX) : null;

  async function encode(text: string): Promise<EncodedText> {
    const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
    return { ids: encoding.getIds(), offsets: offsets ? offsetsOf(text, encoding) : null };
  }

  function offsetsOf(text: string, encoding: NativeEncoding): TokenOffsets {
    const units = unitsOf(text);
    const pairs = encoding.getOffsets();
    const starts = pairs.map(([start]) => units[start]!);
    const ends = pairs.map(([, end]) => units[end]!);
    if (prefix === null) return trimOffsets(text, starts, ends, null);
    const tokens = encoding.getTokens();
    return trimOffsets(text, starts, ends, (i) => tokens[i]!.startsWith(prefix));
  }

  return { encode, idOf: (token) => tokenizer.tokenToId(token) };
}

/** The position in code units of each code point, and of the end. */
function unitsOf(text: string): Uint32Array {
  const units = new Uint32Array(text.length + 1);
  let points = 0;
  let unit = 0;
  for (const point of text) {
    units[points] = unit;
    points += 1;
    unit += point.length;
  }
  units[points] = unit;
  return units;
}
