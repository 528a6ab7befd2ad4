// The contract of every Output for compacted files: they are published once and fenced like parts, and parts go last.
import { describe, expect, it } from 'vitest';
import { writeCompacted } from '#forebay/api/feeder/compaction/write-compacted.js';
import { continuedJob } from '#forebay/api/jobs/output/continued-job.js';
import { takeOverOutput } from '#forebay/api/jobs/output/take-over-output.js';
import { fileTask, type Compaction } from '#forebay/shared/domain/job/compaction.js';
import { givenOf } from '#forebay/shared/domain/dataset-spec.js';
import type { JobRecord, JobSpec } from '#forebay/shared/domain/job/job.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { sinkOf } from '#forebay/shared/sinks/sink-of.js';
import { columnsOf } from '#forebay/shared/sinks/table/columns-of.js';
import { fileName } from '#forebay/shared/storage/file-names.js';
import type { Output, OwnedFiles } from '#forebay/shared/storage/output.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { publishFile } from '#forebay/shared/storage/publish-file.js';
import { writeFiles } from '#forebay/workers/compaction/write-files.js';
import { testFolder } from '../support/lanes.ts';
import { OUTPUT_PLACES, useOutputPlace } from '../support/output-places.ts';
import { makeSpec } from '../support/queue.ts';

const never = new AbortController().signal;
const COLUMNS = columnsOf(null);
const LABEL = COLUMNS.find(({ name }) => name === 'label')!;
const BLOCKS = 5;

/** Row 1 of each block has failed. The labels need escaping. */
const outcome = (i: number): RowOutcome =>
  i % 3 === 1
    ? { ok: false, error: { code: 'decode_failed', message: 'x' } }
    : { ok: true, result: `"predictions":[{"index":${i},"label":"${['a/b', '', '..'][i % 2]}","score":1}]` };

for (const { name, skipped, open } of OUTPUT_PLACES) {
  describe.skipIf(skipped !== null)(`compacted output: ${name} ${skipped ?? ''}`.trim(), () => {
    const { place, fresh, jobId, textOf } = useOutputPlace(open);
    let tokens = 0;

    const publish = async (
      output: Output,
      job: string,
      path: string,
      text: string,
      permit = async () => true,
    ) =>
      publishFile(
        output,
        { job, path, token: `t${++tokens}`, write: async (add) => add(Buffer.from(text)) },
        permit,
      );
    const specOf = (output: Output, more: Partial<JobSpec> = {}) =>
      makeSpec({
        id: jobId(),
        output: output.place,
        opening: { if_output_exists: 'overwrite', earlier: null, cut_part: null },
        options: { block_rows: 3 },
        ...more,
      });
    const takeOver = async (output: Output, spec: JobSpec) =>
      takeOverOutput(output, spec, spec.opening!, 'lease', async () => true);

    it('publishes a file once. Another run finds its own bytes, and refuses others', async () => {
      const output = fresh();
      const job = jobId();
      for (const path of [fileName(0, 'csv'), fileName(0, 'csv', 'label=a%2Fb')]) {
        const first = await publish(output, job, path, 'rows');
        expect(first).toEqual({ bytes: 4, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
        expect(await publish(output, job, path, 'rows')).toEqual(first);
        await expect(publish(output, job, path, 'others')).rejects.toMatchObject({ code: 'output_changed' });
        expect(await textOf(output, path)).toBe('rows');
        expect(await publish(output, job, fileName(1, 'csv'), 'late', async () => false)).toBeNull();
      }
      expect((await output.filePaths()).toSorted()).toEqual([
        'data/compact-00000000.csv',
        'data/label=a%2Fb/compact-00000000.csv',
      ]);
      expect(await place.staged(output.place)).toBe(0);
    });

    it('a run that was permitted publishes nothing once another job owns the output, which removes all files', async () => {
      const output = fresh();
      const job = jobId();
      await place.put(output.pathOf('data/mine.csv'), 'mine');
      await publish(output, job, fileName(0, 'csv', 'label=x'), 'old');
      const frozen = publish(output, job, fileName(1, 'csv', 'label=x'), 'old', async () => {
        await takeOver(output, specOf(output));
        return true;
      });
      await expect(frozen).rejects.toMatchObject({ code: 'storage_unavailable' });
      expect(await place.files(output.place)).toEqual(['data/mine.csv', 'job.json']);
      expect(await place.staged(output.place)).toBe(0);
    });

    async function computed(compact: Compaction, format: 'jsonl' | 'csv' | 'parquet') {
      const output = fresh();
      const table = format === 'jsonl' ? {} : { table: { format, columns: COLUMNS } };
      const spec = specOf(output, { compact, ...table });
      await takeOver(output, spec);
      for (let part = 0; part < BLOCKS; part++) {
        const outcomes = [packOutcomes([0, 1, 2].map((i) => outcome(3 * part + i)))];
        const block = { output, job: spec.id, part, sink: sinkOf(spec), token: 't', outcomes };
        await publishBlock({ ...block, rows: { firstRow: 3 * part, count: 3 } }, async () => 'owned');
      }
      const record = { spec, filePlan: { blocks: BLOCKS, tasks: 2 }, succeeded: 10, failed: 5 } as JobRecord;
      const write = async (file: number, permit = async () => true) =>
        writeTask(output, record, file, permit);
      return { output, spec, record, write };
    }

    const writeTask = async (
      output: Output,
      { spec, filePlan }: JobRecord,
      task: number,
      permit = async () => true,
    ) =>
      writeFiles({
        spec,
        task: fileTask(filePlan!, task, spec.compact!.first_file),
        output,
        token: `t${++tokens}`,
        permit,
        spillFolder: testFolder(),
        signal: never,
      });

    /** Ends a job. Its owner dies at the change of a file with this number, counted from 0. */
    async function end(output: Output, record: JobRecord, dieAt = 9) {
      const { spec, succeeded, failed } = record;
      const rows = { total: succeeded + failed, succeeded, failed };
      const members = { job: spec.id, status: 'completed', rows, created_at: null, finished_at: null };
      return output.asOwner(
        { job: spec.id, lease: `l${dieAt}`, holdsLease: async () => true },
        async (files) =>
          writeCompacted(output, record, dying(files, dieAt), async (compact) =>
            Object.entries({ ...members, compact })
              .map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)
              .join(',\n'),
          ),
      );
    }

    it('takes its parts only when the files count, wherever an owner dies', async () => {
      const { output, spec, record, write } = await computed({ size: { files: 2 } }, 'csv');
      for (const file of [0, 1]) await write(file);
      for (let dieAt = 0; dieAt < 4; dieAt++) {
        await expect(end(output, record, dieAt)).rejects.toThrow('dies');
        const files = await place.files(output.place);
        const parts = files.filter((file) => file.startsWith('part-')).length;
        expect([parts, files.includes('manifest.json'), files.includes('_SUCCESS')]).toEqual([
          dieAt < 2 ? BLOCKS : 0,
          dieAt > 0,
          dieAt > 2,
        ]);
      }
      const bytes = await end(output, record);
      await output.removeStaging(spec.id);
      const texts = await Promise.all([0, 1].map(async (file) => textOf(output, fileName(file, 'csv'))));
      expect(bytes).toBe(texts.join('').length);
      expect(texts.map((text) => text!.split('\n').map((line) => line.split(',')[0]))).toEqual([
        ['index', '0', '2', '3', '5', ''],
        ['index', '6', '8', '9', '11', '12', '14', ''],
      ]);
      expect((await place.files(output.place)).filter((file) => !file.startsWith('errors-'))).toEqual([
        '_SUCCESS',
        'data/compact-00000000.csv',
        'data/compact-00000001.csv',
        'job.json',
        'manifest.json',
      ]);
    });

    it('a retry adds files and keeps those of the first job, wherever an owner dies', async () => {
      const first = await computed({ size: { files: 2 } }, 'csv');
      const { output } = first;
      for (const task of [0, 1]) await first.write(task);
      await end(output, first.record);
      const names = [fileName(0, 'csv'), fileName(1, 'csv'), fileName(2, 'csv')];
      const texts = async () => Promise.all(names.map(async (path) => textOf(output, path)));
      const before = (await texts()).slice(0, 2);

      const after = (earlier: JobSpec, more: Partial<JobSpec>): JobSpec => ({
        ...earlier,
        id: jobId(),
        retry_of: first.spec.id,
        opening: { if_output_exists: 'resume', earlier: continuedJob(earlier), cut_part: null },
        ...more,
      });
      const of = givenOf(first.spec.dataset);
      const cancelled = after(first.spec, {
        compact: { ...first.spec.compact!, first_file: 2 },
        dataset: { type: 'failed', folder: output.place, first: 0, end: BLOCKS, of },
      });
      await takeOver(output, cancelled);
      const rows = [1, 4].map((index) => ({ id: `r${index}`, index }));
      const outcomes = [packOutcomes([outcome(0), outcome(2)])];
      const block = { output, part: BLOCKS, sink: sinkOf(cancelled), token: 't', outcomes };
      const runOf = { job: cancelled.id, rows: { firstRow: 0, rows } };
      await publishBlock({ ...block, ...runOf }, async () => 'owned');
      const filePlan = { blocks: 1, tasks: 1 };
      await writeTask(output, { spec: cancelled, filePlan } as JobRecord, 0);
      expect(await place.files(output.place)).toContain(names[2]);
      expect(await place.files(output.place)).not.toContain('_SUCCESS');

      const spec = after(cancelled, { resume: true });
      await takeOver(output, spec);
      expect(await texts()).toEqual([...before, null]);
      const record = { spec, filePlan, succeeded: 2, failed: 0 } as JobRecord;
      await writeTask(output, record, 0);
      const added = await textOf(output, names[2]!);
      for (let dieAt = 0; dieAt < 4; dieAt++) {
        await expect(end(output, record, dieAt)).rejects.toThrow('dies');
        expect(await texts()).toEqual([...before, added]);
        const listed = JSON.parse((await textOf(output, 'manifest.json'))!) as { parts: unknown[] };
        expect(listed.parts).toHaveLength(dieAt > 0 ? 3 : 2);
      }
      expect(await end(output, record)).toBe(added!.length);
      await output.removeStaging(spec.id);
      expect(await texts()).toEqual([...before, added]);
      const left = (await place.files(output.place)).filter((file) => /^(_|part-)/.test(file));
      expect(left).toEqual(['_SUCCESS']);
    });

    it.each(['jsonl', 'parquet'] as const)(
      'a %s task that was cut off is repeated with the same bytes',
      async (format) => {
        const { output, write } = await computed({ size: { files: 2 }, partition_by: LABEL }, format);
        let asked = 0;
        const dying = write(0, async () => {
          asked += 1;
          if (asked === 2) throw new Error('dies');
          return true;
        });
        await expect(dying).rejects.toThrow('dies');
        expect(await write(0)).toMatchObject({ files: 2, rows: 4 });
        // A third run finds the files and the list, and publishes nothing else.
        expect(await write(0)).toMatchObject({ files: 2, rows: 4 });
        expect((await output.filePaths()).toSorted()).toEqual([
          '_compact-00000000.jsonl',
          `data/label=__HIVE_DEFAULT_PARTITION__/compact-00000000.${format}`,
          `data/label=a%2Fb/compact-00000000.${format}`,
        ]);
        expect((await place.files(output.place)).filter((file) => /^_staging.*compact/.test(file))).toEqual(
          [],
        );
      },
    );
  });
}

/** Fails at the `dieAt`th change of a file. */
function dying(files: OwnedFiles, dieAt: number): OwnedFiles {
  let changes = 0;
  const orDie = () => {
    if (changes++ === dieAt) throw new Error('dies');
  };
  return {
    async remove(names) {
      orDie();
      await files.remove(names);
    },
    async replace(name, write) {
      orDie();
      return files.replace(name, write);
    },
  };
}
