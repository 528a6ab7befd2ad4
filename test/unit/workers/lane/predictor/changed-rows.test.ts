import { expect, it } from 'vitest';
import { readChanged } from '#forebay/workers/lane/predictor/changed-rows.js';

const ROW = { text: 'old', fields: { text: 'old', id: 1 } };

it('a changed text or changed fields become the record of the task', () => {
  const json = (value: unknown) => {
    const read = readChanged(value, ROW, 'text');
    return read.ok && 'json' in read.input ? (JSON.parse(read.input.json) as unknown) : read;
  };
  expect(json(ROW)).toEqual({ text: 'old', id: 1 });
  expect(json({ ...ROW, text: 'new' })).toEqual({ text: 'new', id: 1 });
  expect(json({ text: 'new' })).toEqual({ text: 'new', id: 1 });
  expect(json({ ...ROW, fields: { text: 'other' } })).toEqual({ text: 'other' });
  expect(json({ ...ROW, text: 3 })).toMatchObject({
    error: { code: 'invalid_answer', message: 'before returned a row whose "text" is not a text' },
  });
  expect(json({ fields: { x: Number.NaN } })).toMatchObject({
    error: { message: 'before returned a row whose "fields" are not JSON: x is NaN' },
  });
});

it('a text that was a file becomes a record', () => {
  expect(readChanged({ text: 'new' }, { text: 'old' }, 'text')).toEqual({
    ok: true,
    input: { json: '{"text":"new"}' },
  });
});
