// What an output records about rows, looked up by their indexes.
import { mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRecordedRows } from '#forebay/api/jobs/row-input/recorded-rows.js';
import type { JobRecord } from '#forebay/shared/domain/job/job.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { headLine, sectionText } from '#forebay/shared/storage/file-rows/file-rows.js';
import { fileRowsName } from '#forebay/shared/storage/file-names.js';
import type { Output, Outputs } from '#forebay/shared/storage/output.js';
import { FOLDER_OUTPUTS } from '#forebay/shared/storage/outputs.js';
import { addRecords } from '#forebay/shared/storage/part-index/part-index.js';
import { partRecordOf } from '#forebay/shared/storage/part-index/part-record-of.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';

const JOB = 'job_01KAMK6X5V8E3M7Q9T2R4W6Y8Z';

let root: string;
beforeAll(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'forebay-recorded-')));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Publishes a block of two rows, and its record in the index. */
async function addBlock(output: Output, part: number): Promise<void> {
  const rows = { firstRow: 2 * part, rows: [0, 1].map((at) => ({ id: `${part}-${at}`, at: `v${part}` })) };
  const facts = await publishBlock(
    {
      output,
      job: JOB,
      part,
      sink: JSONL_SINK,
      rows,
      outcomes: [packOutcomes([0, 1].map(() => ({ ok: true, result: '"score":1' })))],
      token: 't',
      records: 'stamp',
    },
    async () => 'owned',
  );
  await addRecords(output, { job: JOB, model: 'm' }, [partRecordOf(part, rows, facts!)]);
}

it('a row is looked up without reading its part, also while the job runs, and in the part if nothing is recorded', async () => {
  const read: string[] = [];
  const output = FOLDER_OUTPUTS.of(join(root, 'output'));
  const outputs: Outputs = {
    of: () => ({
      ...output,
      async read(name, most) {
        if (name.startsWith('part-')) read.push(name);
        return output.read(name, most);
      },
    }),
  };
  const job = { spec: { id: JOB, output: output.place, options: { block_rows: 2 } } } as JobRecord;
  const recordedRow = createRecordedRows(outputs);
  const { signal } = new AbortController();
  await output.prepare();
  await addBlock(output, 0);
  expect(await recordedRow(job, 1, signal)).toEqual({ index: 1, id: '0-1', version: 'v0', failed: false });
  expect(await recordedRow(job, 2, signal)).toBeNull();
  read.length = 0;
  await addBlock(output, 1);
  expect(await recordedRow(job, 2, signal)).toMatchObject({ id: '1-0', version: 'v1' });
  expect(read).toEqual([]);

  for (const name of readdirSync(output.place))
    if (name.startsWith('_')) rmSync(output.pathOf(name), { recursive: true });
  expect(await createRecordedRows(outputs)(job, 3, signal)).toMatchObject({ id: '1-1', version: null });
  expect(new Set(read)).toEqual(new Set(['part-00000001.jsonl']));
});

it('a retry that adds files finds its rows in the files of the first job, even before its own files count', async () => {
  const output = FOLDER_OUTPUTS.of(join(root, 'files'));
  await output.prepare();
  writeFileSync(
    output.pathOf(fileRowsName(0)),
    headLine('first', 'stamp', true) + sectionText(null, [{ index: 1, text: '[1,"b"]\n' }]),
  );
  const manifestOf = (job: string) =>
    writeFileSync(
      output.pathOf('manifest.json'),
      `{\n"job":"${job}",\n"status":"completed",\n"rows":{"total":2,"succeeded":1,"failed":1},\n` +
        '"created_at":null,\n"finished_at":null,\n"compact":{"files":1}\n}\n',
    );
  const compact = { size: { files: 1 }, first_file: 1 };
  const spec = { id: JOB, retry_of: 'first', output: output.place, options: { block_rows: 2 }, compact };
  const job = { spec, filePlan: null } as unknown as JobRecord;
  const { signal } = new AbortController();
  manifestOf('first');
  expect(await createRecordedRows(FOLDER_OUTPUTS)(job, 1, signal)).toMatchObject({ index: 1, id: 'b' });
  // Another job has replaced the output.
  manifestOf('other');
  expect(await createRecordedRows(FOLDER_OUTPUTS)(job, 1, signal)).toBeNull();
});
