import { expect, it } from 'vitest';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';
import { SPEC_VERSION } from '#forebay/shared/domain/job/job.js';

it('a job of a CSV file is left to processes that can read it, a job of a JSONL file is not', () => {
  const csv = {
    type: 'csv' as const,
    path: '/rows.csv',
    base: '/',
    delimiter: ',',
    names: ['text'],
    start: { from: 5, line: 2 },
    fields: ['text'],
    text: null,
  };
  expect(specVersion({ spec: csv }, { type: 'csv', path: '/rows.csv' }, undefined)).toBe(SPEC_VERSION);
  const jsonl = { type: 'jsonl' as const, path: '/rows.jsonl', base: '/' };
  expect(specVersion({ spec: jsonl }, { type: 'jsonl', path: '/rows.jsonl' }, undefined)).toBe(3);
});
