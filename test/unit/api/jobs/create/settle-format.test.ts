// The format of a job's parts, and the spec version that it needs.
import { expect, it } from 'vitest';
import { settleFormat } from '#forebay/api/jobs/create/settle-format.js';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';
import { SUBMIT_BODY, withDefaults } from '#forebay/api/http/wire/submit-request.js';

const csv = { format: 'csv' as const, columns: [] };

it('a job without a format, or with the format of old jobs, can be run by older processes', () => {
  expect([settleFormat(null, null, null), settleFormat('jsonl', null, null)]).toEqual([undefined, undefined]);
  const dataset = { type: 'jsonl' as const, path: '/a.jsonl', base: '/' };
  const input = { type: 'jsonl' as const, path: '/a.jsonl' };
  expect(specVersion({ spec: dataset }, input, undefined, '/out')).toBe(3);
  expect(specVersion({ spec: dataset }, input, csv, '/out')).toBe(5);
});

it('a job that continues an output keeps its format and columns, and refuses another format', () => {
  expect([settleFormat(null, null, { table: csv }), settleFormat('csv', null, { table: csv })]).toEqual([
    csv,
    csv,
  ]);
  expect(settleFormat(null, null, {})).toBeUndefined();
  expect(() => settleFormat('jsonl', null, { table: csv })).toThrow(
    'holds csv parts, and the request asks for jsonl',
  );
  expect(() => settleFormat('parquet', null, {})).toThrow(
    'holds jsonl parts, and the request asks for parquet',
  );
});

it('the output of a request is a path, or a path and a format', () => {
  const read = (output: unknown) => {
    const body = {
      model: 'm',
      input: { type: 'files', path: '/in' },
      ...(output === undefined ? {} : { output }),
    };
    const request = withDefaults(SUBMIT_BODY.parse(body));
    return [request.output, request.output_format];
  };
  expect([undefined, '/out', { path: '/out' }].map(read)).toEqual([
    [null, undefined],
    ['/out', undefined],
    ['/out', undefined],
  ]);
  expect([{ format: 'csv' }, { path: '/out', format: 'jsonl' }].map(read)).toEqual([
    [null, 'csv'],
    ['/out', 'jsonl'],
  ]);
  // The digest of an old request must not change.
  const same = ['/out', { path: '/out' }].map((output) =>
    JSON.stringify(
      withDefaults(SUBMIT_BODY.parse({ model: 'm', input: { type: 'files', path: '/in' }, output })),
    ),
  );
  expect(same[0]).toBe(same[1]);
  expect(() =>
    SUBMIT_BODY.parse({ model: 'm', input: { type: 'files', path: '/in' }, output: { format: 'xls' } }),
  ).toThrow();
});
