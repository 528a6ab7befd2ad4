// A bucket of 10 million objects: a job reads only the pages that it needs.
import { expect, it } from 'vitest';
import { splitDataset, type SplitBlock } from '#forebay/api/feeder/reading/splitter.js';
import { openDataset } from '#forebay/shared/datasets/open-dataset.js';
import { createSkippedCounter } from '#forebay/shared/datasets/skipped-counter.js';
import type { Cursor } from '#forebay/shared/domain/dataset-spec.js';
import { listing, serveS3 } from '../../../../support/s3-answers.ts';
import { s3At, testStores } from '../../../../support/stores.ts';

const KEYS = 10_000_000;

it('the first block takes one page of the listing, and a cursor skips what comes before', async () => {
  const server = await serveS3(listing('p/', KEYS));
  const stores = testStores({ s3: [s3At(server.endpoint, { credentials: 'none' })] });
  const source = openDataset({ type: 'files', root: 's3://bucket/p/', include: [], exclude: [] }, { stores });
  const blocks = (from: Cursor | null): AsyncGenerator<SplitBlock> =>
    splitDataset(source, {
      from,
      blockRows: 500,
      limit: null,
      signal: new AbortController().signal,
      tally: createSkippedCounter(),
    });
  try {
    for await (const { block } of blocks(null)) {
      expect(block).toBe(0);
      break;
    }
    expect(server.requests).toHaveLength(1);
    const index = KEYS - 1_200;
    const last: SplitBlock[] = [];
    for await (const block of blocks({ index, at: String(index - 1).padStart(8, '0') })) last.push(block);
    expect(last.at(-1)).toMatchObject({ cursor: { index: KEYS, at: '09999999' } });
    expect(server.requests).toHaveLength(3);
  } finally {
    await stores.close();
    await server.close();
  }
});
