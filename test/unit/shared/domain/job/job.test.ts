import { expect, it } from 'vitest';
import { JOB_OPTIONS } from '#forebay/shared/domain/job/job-option-schemas.js';

it('reads options written before a job could choose how JPEGs are decoded', () => {
  const earlier = {
    batch_size: null,
    block_rows: 16,
    concurrency: null,
    max_errors: null,
    priority: 50,
    top_k: 5,
    limit: null,
  };
  expect(JOB_OPTIONS.parse(earlier)).toEqual({ ...earlier, decode: null });
  expect(JOB_OPTIONS.parse({ ...earlier, decode: 'shrink' }).decode).toBe('shrink');
  expect(() => JOB_OPTIONS.parse({ ...earlier, decode: 'quick' })).toThrow();
});
