/**
 * Knows the tokenizers for which the JavaScript library gives the same ids as Hugging Face's own library. The parts
 * listed here were compared. Others, such as Unigram models, differ in some texts (docs/tasks/text.md).
 */
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';

export function isExactInJs(file: TokenizerFile): boolean {
  return (
    MODELS.includes(modelTypeOf(file)) &&
    partsOf(file.normalizer, 'normalizers').every((type) => NORMALIZERS.includes(type)) &&
    partsOf(file.pre_tokenizer, 'pretokenizers').every((type) => PRE_TOKENIZERS.includes(type)) &&
    !(file.added_tokens ?? []).some((token) => token['single_word'] === true)
  );
}

const MODELS: readonly string[] = ['WordPiece', 'BPE'];
const NORMALIZERS: readonly string[] = [
  'BertNormalizer',
  'Lowercase',
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Prepend',
  'Replace',
  'Strip',
  'StripAccents',
];
const PRE_TOKENIZERS: readonly string[] = [
  'BertPreTokenizer',
  'ByteLevel',
  'Punctuation',
  'Split',
  'WhitespaceSplit',
];

/** Marks a token that continues a word, if the file does not say otherwise. */
export const WORD_PIECE_PREFIX = '##';

/** Files of older versions do not name the type. */
export function modelTypeOf({ model }: TokenizerFile): string {
  if (model.type !== undefined) return model.type;
  if (Array.isArray(model.vocab)) return 'Unigram';
  return 'merges' in model ? 'BPE' : 'WordPiece';
}

type Step = TokenizerFile['normalizer'];

/** The types of the steps. In place of a sequence, the types of its steps. */
export function partsOf(step: Step, listName: string): string[] {
  if (step === null || step === undefined) return [];
  if (step.type !== 'Sequence') return [step.type];
  const list = step[listName];
  return Array.isArray(list) ? list.flatMap((part) => partsOf(part as Step, listName)) : [];
}
