/** What code of users gets from its lane besides its rows. */
import type { z } from 'zod';
import { ForebayError } from '../../../shared/errors.ts';
import { PREPROCESS } from '../../../shared/tasks/image/preprocess.ts';
import type { PredictorContext } from '../../../predictor/predictor-context.ts';
import type { Decoder } from '../image/decode/decoder.ts';
import type { DecoderFactory } from '../image/decode/decoders.ts';
import type { ModelLoad } from '../messages.ts';
import type { PredictorGraphs } from './predictor-graphs.ts';
import { createTokenizers } from './predictor-tokenizers.ts';

type Options = Readonly<Record<string, unknown>>;

export function createContext(
  { dir, config, threads }: Pick<ModelLoad, 'dir' | 'config' | 'threads'>,
  parts: {
    readonly options: Options;
    readonly signal: AbortSignal;
    readonly graphs: PredictorGraphs;
    readonly createDecoder: DecoderFactory;
  },
): Omit<PredictorContext, 'state'> {
  return {
    folder: dir,
    options: parts.options,
    threads,
    signal: parts.signal,
    session: async (name: string) => parts.graphs.open(name),
    pixels: createPixels(parts.createDecoder),
    tokenizer: createTokenizers({ dir, config }),
  };
}

/** `schema`: the code's own. Throws ForebayError `config_mismatch`. */
export function checkOptions(
  options: Options = {},
  schema: z.ZodType | undefined,
  { at, what }: { readonly at: string; readonly what: string },
): Options {
  if (schema === undefined) return options;
  const parsed = schema.safeParse(options);
  if (parsed.success) return parsed.data as Options;
  const issues = parsed.error.issues.map(
    ({ path, message }) => `${at}${path.map((key) => `/${String(key)}`).join('')}: ${message}`,
  );
  throw new ForebayError(
    'config_mismatch',
    `model.json does not fit "options" of ${what}: ${issues.join('; ')}`,
  );
}

function createPixels(createDecoder: DecoderFactory): PredictorContext['pixels'] {
  const decoders = new Map<string, Decoder>();
  return async (image, options) => {
    const key = JSON.stringify(options);
    let decoder = decoders.get(key);
    if (decoder === undefined) {
      decoder = createDecoder(PREPROCESS.parse(options));
      decoders.set(key, decoder);
    }
    return decoder.decode(image);
  };
}
