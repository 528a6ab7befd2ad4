/**
 * Knows the tokenizers for which the JavaScript library gives the same ids as Hugging Face's own library. Both were
 * compared for the parts and settings listed here. Others, such as Unigram models, give other ids for some texts
 * (docs/tasks/text.md).
 */
import type { TokenizerFile } from '../../../../shared/tasks/text/tokenizer-file.ts';

export function isExactInJs(file: TokenizerFile): boolean {
  return (
    isExactModel(file) &&
    partsOf(file.normalizer, 'normalizers').every(({ type }) => NORMALIZERS.includes(type)) &&
    partsOf(file.pre_tokenizer, 'pretokenizers').every(isExactSplit) &&
    !(file.added_tokens ?? []).some((token) => token['single_word'] === true) &&
    !hasNestedTokens(file)
  );
}

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

function isExactModel(file: TokenizerFile): boolean {
  const { model } = file;
  const type = modelTypeOf(file);
  if (type === 'WordPiece') return true;
  if (type !== 'BPE' || (model.continuing_subword_prefix ?? '') !== '') return false;
  // Without bytes, some texts have unknown characters. The library joins and drops them in its own way.
  if (hasBytes(file)) return true;
  return typeof model.unk_token === 'string' && model['fuse_unk'] !== true;
}

/** Whether every text has tokens, because each byte has one. */
function hasBytes(file: TokenizerFile): boolean {
  return isByteLevel(file) || file.model['byte_fallback'] === true;
}

export function isByteLevel(file: TokenizerFile): boolean {
  const parts = partsOf(file.pre_tokenizer, 'pretokenizers');
  return modelTypeOf(file) === 'BPE' && parts.some(({ type }) => type === 'ByteLevel');
}

/** The library splits as if `behavior` were one of these, whatever the file says. */
function isExactSplit({ type, behavior, invert, pattern }: Part): boolean {
  switch (type) {
    case 'BertPreTokenizer':
    case 'ByteLevel':
    case 'WhitespaceSplit':
      return true;
    case 'Punctuation':
      return behavior === 'Contiguous';
    case 'Split':
      if (behavior === 'Isolated') return invert !== true;
      return behavior === 'Removed' && typeof Object(pattern)['Regex'] === 'string';
    default:
      return false;
  }
}

/**
 * Whether an added token that is looked for in the normalised text contains one that is looked for in the text as it is,
 * or the other way round. Hugging Face's library looks for both kinds one after the other.
 */
function hasNestedTokens({ added_tokens }: TokenizerFile): boolean {
  const tokens = added_tokens ?? [];
  const normalised = tokens.filter(isNormalised).map(({ content }) => content);
  const raw = tokens.filter((token) => !isNormalised(token)).map(({ content }) => content);
  return normalised.some((a) => raw.some((b) => a.includes(b) || b.includes(a)));
}

type AddedToken = NonNullable<TokenizerFile['added_tokens']>[number];

/** Whether Hugging Face's library looks for the token in the normalised text. */
export function isNormalised(token: AddedToken): boolean {
  return token.normalized ?? token['special'] !== true;
}

/** Marks a token that continues a word, if the file does not say otherwise. */
export const WORD_PIECE_PREFIX = '##';

/** Files of older versions do not name the type. */
export function modelTypeOf({ model }: TokenizerFile): string {
  if (model.type !== undefined) return model.type;
  if (Array.isArray(model.vocab)) return 'Unigram';
  return 'merges' in model ? 'BPE' : 'WordPiece';
}

type Step = TokenizerFile['normalizer'];
type Part = NonNullable<Step>;

/** The steps. In place of a sequence, its steps. */
export function partsOf(step: Step, listName: string): readonly Part[] {
  if (step === null || step === undefined) return [];
  if (step.type !== 'Sequence') return [step];
  const list = step[listName];
  return Array.isArray(list) ? list.flatMap((part) => partsOf(part as Step, listName)) : [];
}
