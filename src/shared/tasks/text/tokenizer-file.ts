/** A tokenizer in the format of Hugging Face's tokenizers library (tokenizer.json). */
import { z } from 'zod';
import { parseJson } from '../../text/parse-json.ts';
import { readText } from '../../text/read-text.ts';

const STEP = z.looseObject({ type: z.string() }).nullish();

/** Only what every tokenizer has, and what Forebay itself reads. */
const TOKENIZER = z.looseObject({
  model: z.looseObject({
    /** Older files lack it. */
    type: z.string().optional(),
    unk_token: z.string().nullish(),
    continuing_subword_prefix: z.string().nullish(),
    /** May have 256,000 entries, so they are not checked one by one. */
    vocab: z.custom<object>(
      (value) => typeof value === 'object' && value !== null,
      'expected an object or a list',
    ),
  }),
  normalizer: STEP,
  pre_tokenizer: STEP,
  post_processor: STEP,
  decoder: STEP,
  added_tokens: z
    .array(z.looseObject({ id: z.int().min(0), content: z.string(), normalized: z.boolean().optional() }))
    .nullish(),
  padding: z.looseObject({ pad_token: z.string().optional() }).nullish(),
});

export type TokenizerFile = z.infer<typeof TOKENIZER>;

/** `why` is a sentence about "the file". */
export function parseTokenizer(
  bytes: Buffer,
): { readonly ok: true; readonly file: TokenizerFile } | { readonly ok: false; readonly why: string } {
  const reading = readText(bytes);
  if (!reading.ok) return refused(reading.why);
  const json = parseJson(reading.text);
  if (!json.ok) return refused(json.why);
  const parsed = TOKENIZER.safeParse(json.value);
  if (parsed.success) return { ok: true, file: parsed.data };
  const [first] = parsed.error.issues;
  const where = first!.path.length === 0 ? '' : `${first!.path.join('.')}: `;
  return refused(
    `is not a tokenizer.json of Hugging Face's tokenizers (${where}${first!.message}); save it with tokenizer.save_pretrained() of a fast tokenizer`,
  );
}

function refused(why: string): { readonly ok: false; readonly why: string } {
  return { ok: false, why: `the file ${why}` };
}
