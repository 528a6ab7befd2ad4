/**
 * The characters on which JavaScript and Hugging Face's library disagree about what a space is. Texts with one of them
 * go to the compiled tokenizer.
 */
import { messageOf } from '../../../../shared/errors.ts';
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';
import type { TextTokenizer } from './text-tokenizer.ts';

/** U+0085 (next line) is a space only for Hugging Face's library. U+FEFF (byte order mark) is one only in JavaScript. */
const DISPUTED = /[\u0085\ufeff]/;

/** Why such a text needs the compiled tokenizer, as the end of a sentence. */
export const OTHER_SPACES = 'takes U+FEFF for a space, and U+0085 for none';

/** Whether the normaliser removes these characters before a later step looks for spaces. */
export function cleansSpaces({ normalizer }: TokenizerFile): boolean {
  return normalizer?.type === 'BertNormalizer' && normalizer['clean_text'] === true;
}

/** `open`: makes the compiled tokenizer. It is called once, for the first such text. */
export function withOtherSpaces(inJs: TextTokenizer, open: () => TextTokenizer): TextTokenizer {
  let compiled: TextTokenizer | null = null;

  function opened(): TextTokenizer {
    try {
      return (compiled ??= open());
    } catch (cause) {
      // The model itself is loaded, so this is an error of the row.
      throw new Error(messageOf(cause), { cause });
    }
  }

  return {
    encode: (text) => (DISPUTED.test(text) ? opened() : inJs).encode(text),
    idOf: (token) => inJs.idOf(token),
  };
}
