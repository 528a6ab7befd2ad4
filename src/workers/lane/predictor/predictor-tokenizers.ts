/** The tokenizers beside a predictor, opened on request. */
import { readFile, stat } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { z } from 'zod';
import type { ModelConfig } from '../../../shared/domain/model/model-config.ts';
import { ForebayError, messageOf } from '../../../shared/errors.ts';
import { openForeignFiles } from '../../../shared/models/foreign-files.ts';
import { tokenizerFields } from '../../../shared/models/hugging-face/text-settings.ts';
import { MAX_TOKENIZER_BYTES, TEXT_SHAPE, type TextConfig } from '../../../shared/tasks/text/text-config.ts';
import type { PredictorContext } from '../../../predictor/predictor-context.ts';
import type { Tokenizer, TokenizerOptions } from '../../../predictor/tokenizer.ts';
import { bindTokenizer } from '../text/bind-tokenizer.ts';
import { encodeTexts } from './encode-texts.ts';

interface Folder {
  readonly dir: string;
  /** Of a text model with hooks, its fields say how texts become tokens. */
  readonly config: ModelConfig;
}

export function createTokenizers(folder: Folder): PredictorContext['tokenizer'] {
  const opened = new Map<string, Promise<Tokenizer>>();
  return async (options = {}) => {
    const key = JSON.stringify(options);
    const tokenizer = opened.get(key) ?? openTokenizer(folder, options);
    opened.set(key, tokenizer);
    return tokenizer;
  };
}

const MAX_LENGTH = TEXT_SHAPE.max_length.unwrap();

const OPTIONS = z.strictObject({
  folder: z.string().optional(),
  maxLength: MAX_LENGTH.optional(),
  padToken: TEXT_SHAPE.pad_token,
  truncationSide: TEXT_SHAPE.truncation_side.unwrap().optional(),
});

const ENCODE_OPTIONS = z.looseObject({ maxLength: MAX_LENGTH.optional() });

const TERMS = {
  maxLength: 'maxLength',
  padToken: 'padToken',
  addPadToken: 'name it, such as ctx.tokenizer({ padToken: "<|endoftext|>" })',
};

/** Rejects with ForebayError `model_load_failed` or `config_mismatch`. */
async function openTokenizer(folder: Folder, given: TokenizerOptions): Promise<Tokenizer> {
  const options = checked(OPTIONS, given, 'ctx.tokenizer()');
  const dir = folderOf(folder.dir, options.folder);
  const fields = options.folder === undefined ? ownFields(folder.config) : null;
  const config = fields ?? (await fieldsBeside(dir));
  const bound = bindTokenizer({
    bytes: await contentOf(join(dir, config.tokenizer)),
    config: {
      tokenizer: config.tokenizer,
      pad_token: options.padToken ?? config.pad_token,
      truncation_side: options.truncationSide ?? config.truncation_side,
    },
    offsets: false,
    terms: TERMS,
  });
  const maxLength = options.maxLength ?? config.max_length;
  bound.encoder(maxLength, false);
  return {
    maxLength,
    async encode(texts, asked = {}) {
      const { maxLength: most = maxLength } = checked(ENCODE_OPTIONS, asked, 'encode()');
      return encodeTexts(bound, texts, { ...asked, maxLength: most });
    },
  };
}

function folderOf(dir: string, name = ''): string {
  const folder = join(dir, name);
  const parts = relative(dir, folder).split(sep);
  if (parts[0] === '..')
    throw refused(`ctx.tokenizer({ folder: "${name}" }) leads out of the model's folder`);
  if (parts.some((part) => part.startsWith('.'))) {
    throw refused(
      `ctx.tokenizer({ folder: "${name}" }) names a hidden folder, which is no part of the model: rename it`,
    );
  }
  return folder;
}

/** Null unless it is the config of a text model. */
function ownFields(config: ModelConfig): TextConfig | null {
  return 'tokenizer' in config ? z.object(TEXT_SHAPE).parse(config) : null;
}

async function fieldsBeside(dir: string): Promise<TextConfig> {
  try {
    return z.object(TEXT_SHAPE).parse(await tokenizerFields(openForeignFiles(dir)));
  } catch (cause) {
    throw refused(`cannot read the settings of the tokenizer: ${messageOf(cause)}`, cause);
  }
}

async function contentOf(path: string): Promise<Buffer> {
  const name = basename(path);
  try {
    const { size } = await stat(path);
    if (size <= MAX_TOKENIZER_BYTES) return await readFile(path);
    throw new Error(`it has ${size} bytes, and the limit is ${MAX_TOKENIZER_BYTES}`);
  } catch (cause) {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw refused(
      isMissing
        ? `there is no ${path}: copy it from the model's repository, or save it with tokenizer.save_pretrained() of a fast tokenizer`
        : `cannot read ${name}: ${messageOf(cause)}`,
      cause,
    );
  }
}

function checked<T extends z.ZodType>(schema: T, value: unknown, where: string): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => [...path.map(String), message].join(': '));
  throw new ForebayError('config_mismatch', `the options of ${where} do not fit: ${issues.join('; ')}`);
}

function refused(message: string, cause?: unknown): ForebayError {
  return new ForebayError('model_load_failed', message, { cause });
}
