import { expect, it } from 'vitest';
import { readTemplate, specialCount } from '#forebay/workers/lane/text/special-tokens.js';

const cls: [string, number] = ['[CLS]', 101];
const sep: [string, number] = ['[SEP]', 102];

it('BERT puts tokens around a text, and gives the second text another type', () => {
  const { single, pair } = readTemplate({ type: 'BertProcessing', cls, sep });
  expect(single).toEqual([
    { id: 101, type: 0 },
    { text: 0, type: 0 },
    { id: 102, type: 0 },
  ]);
  expect(pair.slice(3)).toEqual([
    { text: 1, type: 1 },
    { id: 102, type: 1 },
  ]);
  expect([specialCount(single), specialCount(pair)]).toEqual([2, 3]);
});

it('RoBERTa separates two texts with two tokens, and has one type', () => {
  const { pair } = readTemplate({ type: 'RobertaProcessing', cls: ['<s>', 0], sep: ['</s>', 2] });
  expect(pair).toEqual([
    { id: 0, type: 0 },
    { text: 0, type: 0 },
    { id: 2, type: 0 },
    { id: 2, type: 0 },
    { text: 1, type: 0 },
    { id: 2, type: 0 },
  ]);
});

it('a template may be part of a sequence, and the ids of its special tokens count, not their names', () => {
  const template = {
    type: 'TemplateProcessing',
    single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { '<s>': { id: '<s>', ids: [7, 8], tokens: ['<', 's>'] } },
  };
  const { single } = readTemplate({ type: 'Sequence', processors: [{ type: 'ByteLevel' }, template] });
  expect(single).toEqual([
    { id: 7, type: 0 },
    { id: 8, type: 0 },
    { text: 0, type: 0 },
  ]);
  expect(() => readTemplate({ ...template, special_tokens: {} })).toThrow(/"<s>"/);
  expect(() => readTemplate({ type: 'Sequence', processors: [template, template] })).toThrow(/twice/);
});

it('a tokenizer may add no tokens, and an unknown post-processor is an error', () => {
  expect(readTemplate(null).single).toEqual([{ text: 0, type: 0 }]);
  expect(readTemplate({ type: 'ByteLevel' }).pair).toHaveLength(2);
  expect(() => readTemplate({ type: 'Nonsense' })).toThrow(/"Nonsense" is unknown/);
});
