import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { LOCAL_FILES } from '#forebay/shared/datasets/bytes/local-files.js';
import { createSemaphore } from '#forebay/shared/process/semaphore.js';
import { createByteBudget } from '#forebay/workers/intake/byte-budget.js';
import { createBudgetedReader } from '#forebay/workers/intake/read/budgeted-reader.js';
import { createRowReader } from '#forebay/workers/intake/read/row-reader.js';

const dir = mkdtempSync(join(tmpdir(), 'forebay-budgeted-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it('closes the file of a slice when its reader stops early', async () => {
  const path = join(dir, 'rows.jsonl');
  const lines = '{"text":"a"}\n'.repeat(200_000);
  writeFileSync(path, lines);
  let open = 0;
  const openFile: typeof LOCAL_FILES.open = async (of, signal) => {
    const file = await LOCAL_FILES.open(of, signal);
    open += 1;
    return {
      ...file,
      async close() {
        open -= 1;
        await file.close();
      },
    };
  };
  const files = { open: openFile, openHead: openFile };
  const limits = { maxFileBytes: 1000, maxFetchRatio: 10 };
  const reader = createBudgetedReader({
    reader: createRowReader({ ...limits, files, fetchBytes: async () => Buffer.alloc(0), inputRoots: [dir] }),
    files,
    limits,
    budget: createByteBudget(2 ** 30),
    atOnce: createSemaphore(1),
  });
  const from = {
    dataset: { type: 'jsonl' as const, path, base: dir },
    tenant: 'default',
    input: 'text' as const,
  };
  const { version } = await LOCAL_FILES.open(path, new AbortController().signal).then(async (file) => {
    await file.close();
    return file;
  });
  const slice = { firstRow: 0, count: 200_000, ref: `0+${lines.length}@1`, check: version };
  for await (const chunk of reader.readSlice(from, slice, new AbortController())) {
    expect(open).toBe(1);
    chunk.release();
    break;
  }
  expect(open).toBe(0);
});
