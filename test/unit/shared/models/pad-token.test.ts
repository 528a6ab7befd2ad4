// The padding token of a Hugging Face model.
import { basename } from 'node:path';
import { expect, it } from 'vitest';
import { openForeignFiles } from '#forebay/shared/models/foreign-files.js';
import { describeText } from '#forebay/shared/models/hugging-face/text-settings.js';
import { writeFolder } from '../../../support/foreign-folders.ts';

const gpt2 = (more: object = {}) => ({
  added_tokens: [{ id: 2, content: '<|endoftext|>' }],
  model: { vocab: { a: 0, b: 1 } },
  ...more,
});
const unigram = {
  model: {
    vocab: [
      ['<s>', 0],
      ['</s>', -1],
    ],
  },
};

it.each<[string, string | undefined, { tokenizer: object; id?: unknown; named?: string }]>([
  ['the added token of that id', '<|endoftext|>', { tokenizer: gpt2(), id: 2 }],
  ['the word of that id', 'b', { tokenizer: gpt2(), id: 1 }],
  ['the piece of that id', '</s>', { tokenizer: unigram, id: 1 }],
  ['none without such an id', undefined, { tokenizer: gpt2(), id: -1 }],
  ['none without an id', undefined, { tokenizer: gpt2(), id: null }],
  ['the one of tokenizer_config.json first', 'a', { tokenizer: gpt2(), id: 2, named: 'a' }],
  ['that of the tokenizer first', undefined, { tokenizer: gpt2({ padding: { pad_token: 'a' } }), id: 2 }],
  ['the usual one first', undefined, { tokenizer: gpt2({ model: { vocab: { '<pad>': 7 } } }), id: 2 }],
])('is chosen by pad_token_id of config.json: %s', async (_, token, { tokenizer, id, named }) => {
  const dir = writeFolder({
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': named === undefined ? {} : { pad_token: named },
  });
  const { fields, taken } = await describeText(openForeignFiles(dir), { pad_token_id: id });
  expect(fields['pad_token']).toBe(token);
  const from = named === undefined ? `config.json (pad_token_id ${String(id)})` : 'tokenizer_config.json';
  expect(taken).toEqual(token === undefined ? [] : [`pad_token "${token}": taken from ${from}`]);
});

it.each<[string, string, { map?: object; config?: object }]>([
  ['special_tokens_map.json', '</s>', { map: { pad_token: '</s>' } }],
  ['special_tokens_map.json', '</s>', { map: { pad_token: { content: '</s>', lstrip: false } } }],
  ['special_tokens_map.json', '</s>', { map: { pad_token: '</s>' }, config: { pad_token: '<s>' } }],
  [
    'tokenizer_config.json',
    '<s>',
    { map: { pad_token: '</s>' }, config: { pad_token: '<s>', added_tokens_decoder: {} } },
  ],
  [
    'special_tokens_map.json',
    '</s>',
    { map: { pad_token: '</s>' }, config: { pad_token: null, added_tokens_decoder: {} } },
  ],
  ['config.json (pad_token_id 0)', '<s>', { map: { eos_token: '</s>' } }],
])('comes from %s', async (from, token, { map = {}, config = {} }) => {
  const dir = writeFolder({
    'tokenizer.json': unigram,
    'tokenizer_config.json': config,
    'special_tokens_map.json': map,
  });
  const { fields, taken } = await describeText(openForeignFiles(dir), { pad_token_id: 0 });
  expect(fields['pad_token']).toBe(token);
  expect(taken).toEqual([`pad_token "${token}": taken from ${from}`]);
});

it('makes special_tokens_map.json part of what the model is', async () => {
  const files = openForeignFiles(writeFolder({ 'special_tokens_map.json': { pad_token: '</s>' } }));
  await describeText(files, {});
  expect(files.read.map(({ path }) => basename(path))).toContain('special_tokens_map.json');
});
