import { expect, it } from 'vitest';
import { SPEC_VERSION } from '#forebay/shared/domain/job/job.js';
import { specVersion } from '#forebay/api/jobs/create/spec-version.js';

it('a job is left to processes that can read its dataset and write its output', () => {
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
  expect(specVersion({ spec: csv }, { type: 'csv', path: '/rows.csv' }, undefined, '/out')).toBe(5);
  const jsonl = { type: 'jsonl' as const, path: '/rows.jsonl', base: '/' };
  expect(specVersion({ spec: jsonl }, { type: 'jsonl', path: '/rows.jsonl' }, undefined, '/out')).toBe(3);
  expect(specVersion({ spec: jsonl }, { type: 'jsonl', path: '/rows.jsonl' }, undefined, 's3://b/o/')).toBe(
    6,
  );
  const asked = { delta: true, compact: true };
  expect(specVersion({ spec: jsonl }, { type: 'jsonl', path: '/rows.jsonl' }, undefined, '/out', asked)).toBe(
    SPEC_VERSION,
  );
});
