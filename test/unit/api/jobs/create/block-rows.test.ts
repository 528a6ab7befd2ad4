// How many rows a block may have: fewer if Redis holds the references of its rows.
import { expect, it } from 'vitest';
import { settleOptions } from '#forebay/api/jobs/create/settle-options.js';
import type { SubmitRequest } from '#forebay/api/http/wire/submit-request.js';
import { withDefaultOptions } from '#forebay/shared/tasks/requested-options.js';
import { checkedConfig } from '../../../../support/onnx/models.ts';

const config = checkedConfig({ name: 'iris', task: 'tabular', columns: ['a', 'b', 'c', 'd'] });

function blockRows(type: 'jsonl' | 'inline' | 'urls', options: object = {}, join?: string[]): number {
  const request = {
    input: { type },
    options: withDefaultOptions(options),
    ...(join && { output_columns: { join } }),
  } as unknown as SubmitRequest;
  return settleOptions(request, { config, batchSize: null }, null).block_rows;
}

it('rows that share the memory of a block come in smaller blocks', () => {
  expect(blockRows('jsonl')).toBe(32_768);
  expect(blockRows('jsonl', {}, ['a'])).toBe(8_192);
  expect(blockRows('inline')).toBe(8_192);
});

it('a request may ask for larger blocks of tables than of listed rows', () => {
  expect(blockRows('jsonl', { block_rows: 32_768 })).toBe(32_768);
  expect(blockRows('urls', { block_rows: 10_000 })).toBe(10_000);
  expect(() => blockRows('urls', { block_rows: 10_001 })).toThrow(
    /listed rows may have up to 10000, because Redis/,
  );
});
