/** The tokenizer in JavaScript. The only importer of @huggingface/tokenizers. */
import { Tokenizer } from '@huggingface/tokenizers';
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';
import { modelTypeOf, WORD_PIECE_PREFIX } from './exact-in-js.ts';
import { createOffsetFinder } from './offsets/find-offsets.ts';
import type { EncodedText, TextTokenizer } from './text-tokenizer.ts';

/** Throws an Error if the file has parts that the library does not know. */
export function createJsTokenizer(file: TokenizerFile, offsets: boolean): TextTokenizer {
  const library = new Tokenizer(libraryFile(file), {});
  const prepared = preparation(file);
  const findOffsets = offsets ? createOffsetFinder(file, library, prepared) : null;

  function encode(text: string): EncodedText {
    const { ids, tokens } = library.encode(prepared(text), { add_special_tokens: false });
    // The library has no id for a token outside the vocabulary if the model has no token for unknown text.
    const unknown = ids.findIndex((id: number | undefined) => id === undefined);
    if (unknown >= 0) {
      throw new Error(
        `the vocabulary has no token for ${JSON.stringify(tokens[unknown])}, and none for unknown text`,
      );
    }
    return { ids, offsets: findOffsets === null ? null : findOffsets(text, ids) };
  }

  return { encode, idOf: (token) => library.token_to_id(token) ?? null };
}

/** The file as the library expects it. Special tokens and decoding are not its job here. */
function libraryFile(file: TokenizerFile): object {
  const { model } = file;
  const isWordPiece = modelTypeOf(file) === 'WordPiece';
  const prefix = model.continuing_subword_prefix ?? WORD_PIECE_PREFIX;
  return {
    ...file,
    normalizer: file.normalizer ?? null,
    pre_tokenizer: file.pre_tokenizer ?? null,
    model: isWordPiece ? { ...model, continuing_subword_prefix: prefix } : model,
    post_processor: null,
    decoder: null,
    added_tokens: file.added_tokens ?? [],
  };
}

/** Chinese characters beyond 16 bits. The library leaves out the spaces around them that BERT's normaliser adds. */
const ASTRAL_CHINESE =
  /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b820}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/**
 * What must happen to a text before the library gets it. JavaScript's toLowerCase uses a second form of the Greek sigma
 * at the end of a word. Hugging Face's library does not use that form.
 */
function preparation({ normalizer }: TokenizerFile): (text: string) => string {
  const lowers = /"lowercase":true|"type":"Lowercase"/.test(JSON.stringify(normalizer ?? null));
  const spaced = normalizer?.type === 'BertNormalizer' && normalizer['handle_chinese_chars'] === true;
  return function prepared(text) {
    if (!UNUSUAL.test(text)) return text;
    const lower = text.replaceAll('\u03a3', lowers ? '\u03c3' : '\u03a3');
    return spaced ? lower.replaceAll(ASTRAL_CHINESE, ' $& ') : lower;
  };
}

const UNUSUAL = /[\u03a3\ud800-\udbff]/;
