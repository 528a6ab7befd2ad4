// The request that the form of the dashboard makes.
import { expect, it } from 'vitest';
import { SUBMIT_BODY } from '#forebay/api/http/wire/submit-request.js';
import { EMPTY, toBody } from '../../../dashboard/parts/submit-body.ts';

const files = { ...EMPTY, model: 'tiny', path: 'photos' };

it('sends only what is filled in', () => {
  expect(toBody(files)).toEqual({ model: 'tiny', input: { type: 'files', path: 'photos' } });
  const full = toBody({
    ...files,
    output: '/out',
    format: 'csv',
    limit: '10',
    maxErrors: '1%',
    priority: '5',
    options: '{"top_k":3}',
  });
  expect(full).toEqual({
    model: 'tiny',
    input: { type: 'files', path: 'photos' },
    output: { path: '/out', format: 'csv' },
    options: { top_k: 3, limit: 10, max_errors: '1%', priority: 5 },
  });
  expect(SUBMIT_BODY.safeParse(full).error).toBeUndefined();
});

it('takes one row per line, as a text or as a JSON object', () => {
  const inline = { ...EMPTY, model: 'tiny', type: 'inline' as const };
  expect(toBody({ ...inline, rows: 'a text\n\n{"id":"b","text":"c"}\n' }).input).toEqual({
    type: 'inline',
    rows: [{ text: 'a text' }, { id: 'b', text: 'c' }],
  });
  expect(() => toBody({ ...inline, rows: 'fine\n{"id":' })).toThrow('Line 2 of the rows is not valid JSON');
  expect(toBody({ ...EMPTY, type: 'urls', rows: ' https://a/b \nhttps://c/d' }).input).toEqual({
    type: 'urls',
    urls: ['https://a/b', 'https://c/d'],
  });
});

it('says what is wrong with further options that are no object', () => {
  for (const options of ['[1]', '3', 'null']) {
    expect(() => toBody({ ...files, options })).toThrow('must be a JSON object');
  }
  expect(() => toBody({ ...files, options: '{"top_k"' })).toThrow('not valid JSON');
});
