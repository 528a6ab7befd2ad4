// Model folders for texts: a small tokenizer that the test writes, and graphs with known answers.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { effectiveOptions } from '#forebay/shared/tasks/option-values.js';
import type { OptionValues } from '#forebay/shared/tasks/task-description.js';
import type { LaneFile, LaneInput } from '#forebay/workers/lane/messages.js';
import type { LoadableModel, SharedLane } from './lanes.ts';
import { checkedConfig, writeLabels } from './onnx/models.ts';

/** The words of the vocabulary, after the special tokens. */
export const WORDS = ['a', 'b', 'c', 'new', 'york', '##er', '##s', 'paris', 'loves', 'mary', '.', ','];
export const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];
export const VOCABULARY: readonly string[] = [...SPECIAL, ...WORDS];

/** The id of a token of the vocabulary. */
export function idOf(token: string): number {
  return VOCABULARY.indexOf(token);
}

/** A tokenizer like BERT's, with a vocabulary of a few words. */
export function wordPieceFile(more: object = {}): object {
  return {
    version: '1.0',
    // The lane must ignore the truncation and the padding of the file.
    truncation: { max_length: 3, strategy: 'LongestFirst', stride: 0, direction: 'Right' },
    padding: {
      strategy: { Fixed: 9 },
      direction: 'Left',
      pad_id: 0,
      pad_type_id: 0,
      pad_token: '[PAD]',
      pad_to_multiple_of: null,
    },
    added_tokens: SPECIAL.map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', sep: ['[SEP]', idOf('[SEP]')], cls: ['[CLS]', idOf('[CLS]')] },
    decoder: null,
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(VOCABULARY.map((token, id) => [token, id])),
    },
    ...more,
  };
}

export interface TextModelParts {
  readonly graph: Buffer;
  readonly config: Record<string, unknown>;
  /** An object is written as JSON. */
  readonly tokenizer?: object | string | Buffer;
  readonly labels?: readonly string[];
}

/** Writes a model folder. */
export function writeTextModel(dir: string, parts: TextModelParts): LoadableModel {
  const { graph, labels, tokenizer = wordPieceFile() } = parts;
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'model.onnx'), graph);
  const isText = typeof tokenizer === 'string' || Buffer.isBuffer(tokenizer);
  const content = isText ? tokenizer : JSON.stringify(tokenizer);
  writeFileSync(join(dir, 'tokenizer.json'), content);
  const config = { name: 'm', max_length: 16, ...parts.config, ...(labels && { labels: 'labels.txt' }) };
  writeFileSync(join(dir, 'model.json'), JSON.stringify(config));
  const named = [namedFile('tokenizer', join(dir, 'tokenizer.json'), content)];
  return {
    dir,
    config: checkedConfig(config),
    named: labels === undefined ? named : [...named, writeLabels(dir, labels)],
  };
}

export function namedFile(field: string, path: string, content: string | Buffer): LaneFile {
  return { field, path, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Runs records through a lane as a worker does. The model sets the options that the job does not set. */
export async function runTexts(
  lane: SharedLane,
  { config }: LoadableModel,
  rows: readonly LaneInput[],
  asked: OptionValues = {},
): Promise<readonly RowOutcome[]> {
  const options = effectiveOptions(config, asked);
  return (await lane.run({ model: 'm', rows, options })).outcomes;
}

/** Rows of a job: one record per text. */
export function records(...texts: readonly unknown[]): { readonly json: string }[] {
  return texts.map((text) => ({ json: JSON.stringify({ text }) }));
}
