import { expect, it } from 'vitest';
import { JOB_OPTIONS } from '#forebay/shared/domain/job/job-option-schemas.js';

it('reads job options of every version, and keeps task options unchanged', () => {
  const earlier = {
    batch_size: null,
    block_rows: 16,
    concurrency: null,
    max_errors: null,
    priority: 50,
    top_k: 5,
    limit: null,
  };
  expect(JOB_OPTIONS.parse(earlier)).toEqual({ ...earlier, row_versions: null, cache: null });
  expect(JOB_OPTIONS.parse({ ...earlier, decode: 'shrink', threshold: 0.5 })).toMatchObject({
    decode: 'shrink',
    threshold: 0.5,
  });
  expect(() => JOB_OPTIONS.parse({ ...earlier, priority: 'high' })).toThrow();
  expect(() => JOB_OPTIONS.parse({ ...earlier, decode: { mode: 'shrink' } })).toThrow();
});
