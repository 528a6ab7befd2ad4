/**
 * Finds the offsets of tokens in the text, which the library in JavaScript does not report. It follows the library's own
 * steps, word by word, and checks that they give the same ids.
 */
import type { Tokenizer } from '@huggingface/tokenizers';
import type { TokenizerFile } from '../../../../../shared/tasks/text/tokenizer-file.ts';
import { isByteLevel, isNormalised, modelTypeOf, partsOf, WORD_PIECE_PREFIX } from '../exact-in-js.ts';
import type { TokenOffsets } from '../text-tokenizer.ts';
import { createAligner } from './aligned-text.ts';
import type { LibrarySteps } from './library-steps.ts';
import { byteLevelOffsets } from './byte-level-offsets.ts';
import { createWordPieceOffsets } from './word-piece-offsets.ts';
import { createSectionSplitter } from './sections.ts';
import { trimOffsets } from './trim-offsets.ts';

/** Normalisers that change each character by itself, or with its marks. Others leave offsets unknown. */
const BY_CHARACTER: readonly string[] = [
  'BertNormalizer',
  'Lowercase',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'StripAccents',
];

/** Whether createOffsetFinder can find the offsets of tokens with this file. */
export function canFindOffsets(file: TokenizerFile): boolean {
  if (modelTypeOf(file) !== 'WordPiece' && !isWholeByteLevel(file)) return false;
  if (!partsOf(file.normalizer, 'normalizers').every(({ type }) => BY_CHARACTER.includes(type))) return false;
  return (file.normalizer ?? null) === null || !(file.added_tokens ?? []).some(isNormalised);
}

/** Returns a function that throws an Error if it cannot find the offsets in a text. `prepared`: see js-tokenizer.ts. */
export function createOffsetFinder(
  file: TokenizerFile,
  library: Tokenizer,
  prepared: (text: string) => string,
): (text: string, ids: readonly number[]) => TokenOffsets {
  const steps = stepsOf(library);
  const { normalizer } = library;
  const align = createAligner((text) => (normalizer === null ? prepared(text) : normalizer(prepared(text))));
  const split = createSectionSplitter(file.added_tokens ?? []);
  const prefix = file.model.continuing_subword_prefix ?? WORD_PIECE_PREFIX;
  const isWordPiece = modelTypeOf(file) === 'WordPiece';
  const offsetsIn = isWordPiece
    ? createWordPieceOffsets(steps, { prefix, unknown: file.model.unk_token ?? '[UNK]' })
    : (text: string, section: number) => byteLevelOffsets(steps, text, section);

  return function findOffsets(text, ids) {
    const tokens: string[] = [];
    const starts: number[] = [];
    const ends: number[] = [];
    for (const [number, { from, to, added }] of split(text).entries()) {
      if (added) {
        tokens.push(text.slice(from, to));
        starts.push(from);
        ends.push(to);
      } else if (to > from) {
        const aligned = align(text.slice(from, to));
        const found = offsetsIn(aligned.text, number);
        for (const [i, token] of found.tokens.entries()) {
          const [start, end] = [found.starts[i]!, found.ends[i]!];
          tokens.push(token);
          starts.push(from + (aligned.starts === null ? start : (aligned.starts[start] ?? to - from)));
          ends.push(from + (aligned.ends === null || end === 0 ? end : aligned.ends[end - 1]!));
        }
      }
    }
    if (tokens.length !== ids.length || tokens.some((token, i) => library.token_to_id(token) !== ids[i])) {
      throw new Error('the offsets of its tokens cannot be found');
    }
    const continues = (i: number) => i > 0 && tokens[i]!.startsWith(prefix);
    return trimOffsets(text, starts, ends, isWordPiece ? continues : null);
  };
}

/** Instances of the library's classes are functions, which its types do not say. */
function stepsOf({ pre_tokenizer, model }: Tokenizer): LibrarySteps {
  return {
    words: (text, section) =>
      pre_tokenizer === null ? [text] : pre_tokenizer(text, { section_index: section }),
    tokens: (words) => model!(words),
  };
}

/** Whether the tokens are exactly the bytes of the text. */
function isWholeByteLevel(file: TokenizerFile): boolean {
  const parts = partsOf(file.pre_tokenizer, 'pretokenizers');
  const dropsText = parts.some(({ behavior }) => behavior === 'Removed');
  return isByteLevel(file) && !dropsText && (file.model['end_of_word_suffix'] ?? '') === '';
}
