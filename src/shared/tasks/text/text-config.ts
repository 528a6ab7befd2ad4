/** How texts become the input of a model. All text tasks share it. */
import { z } from 'zod';
import type { NamedFile, TaskSteps } from '../task-description.ts';
import { parseTokenizer } from './tokenizer-file.ts';

/** The fields of a text model's model.json. */
export const TEXT_SHAPE = {
  /** A file beside model.json, in the format of Hugging Face's tokenizers. Its own padding and truncation do not apply. */
  tokenizer: z.string().max(255, 'a file name has at most 255 characters').default('tokenizer.json'),
  /** Maximum number of tokens of a row, including special tokens. Longer texts are cut. */
  max_length: z.int().min(1).max(32_768).default(512),
  /** The side on which longer texts are cut. */
  truncation_side: z.enum(['right', 'left']).default('right'),
  /** The token that fills up the shorter texts of a call. Required if the tokenizer does not name one. */
  pad_token: z.string().min(1).max(256).optional(),
  /** Maximum tokens per model call, including padding. A longer text has its own call. Absent: TOKENS_PER_CALL. */
  tokens_per_call: z.int().min(1).max(1_048_576).optional(),
};

export type TextConfig = z.infer<z.ZodObject<typeof TEXT_SHAPE>>;

/** Larger calls have more padding, and smaller ones a larger share of fixed costs (docs/adr/0013). */
export const TOKENS_PER_CALL = 128;

/** Bytes of the largest tokenizer file. Files with the largest vocabularies (256,000 tokens) have 34 MB. */
export const MAX_TOKENIZER_BYTES = 128 * 1024 * 1024;

export function tokenizerFile({ tokenizer }: TextConfig): NamedFile[] {
  return [{ field: 'tokenizer', name: tokenizer, maxBytes: MAX_TOKENIZER_BYTES, parse: parseTokenizer }];
}

/** Ids, attention mask and token types. Most graphs have all three. */
const USUAL_INPUTS = 3;
const INT64_BYTES = 8;

/** Bytes of the input tensors of one row with the maximum number of tokens. */
function tokenBytes({ max_length }: TextConfig): number {
  return max_length * INT64_BYTES * USUAL_INPUTS;
}

/** A batch of more texts gains nothing, and takes a minute if they are long. */
const MOST_TEXTS = 32;

/** What all text tasks have in common. */
export const TEXT_TASK = {
  input: 'text',
  inputBytes: tokenBytes,
  mostAutoRows: MOST_TEXTS,
} as const;

/** What happens to a text before the model. `config`: null if nobody knows it. `prompt`: null for none. */
export function textSteps(config: TextConfig | null, prompt: string | null): TaskSteps['prepare'] {
  const limit =
    config === null ? '' : `, at most ${config.max_length} (cut on the ${config.truncation_side})`;
  return [
    {
      operator: 'tokenise',
      does: `text to tokens${limit}${prompt === null ? '' : `, after the prompt "${prompt}"`}`,
    },
    { operator: 'sort', does: 'texts by length, into calls of similar length' },
  ];
}
