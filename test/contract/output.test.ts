// The contract of every Output: parts are published once, and whoever has lost the output changes nothing (INV-1).
import { describe, expect, it } from 'vitest';
import { takeOverOutput } from '#forebay/api/jobs/output/take-over-output.js';
import type { JobSpec } from '#forebay/shared/domain/job/job.js';
import { packOutcomes } from '#forebay/shared/domain/outcomes.js';
import type { RowOutcome } from '#forebay/shared/domain/row.js';
import { LeaseLost } from '#forebay/shared/queue/jobs/lease.js';
import { JSONL_SINK } from '#forebay/shared/sinks/jsonl/jsonl-sink.js';
import { adoptBlock } from '#forebay/shared/storage/adopt-block.js';
import type { Output, PartProof } from '#forebay/shared/storage/output.js';
import { recordName } from '#forebay/shared/storage/output-names.js';
import { parseRowRecord } from '#forebay/shared/storage/row-record.js';
import { publishBlock } from '#forebay/shared/storage/publish-block.js';
import { readBlock } from '#forebay/shared/storage/read-part.js';
import { makeSpec } from '../support/queue.ts';
import { OUTPUT_PLACES, useOutputPlace } from '../support/output-places.ts';
import { expectIndexOfParts } from './index-of-parts.ts';

const rows = { firstRow: 8, rows: [{ id: 'a' }, { id: 'b' }] };
const ok = (score: number): RowOutcome => ({ ok: true, result: `"score":${score}` });
const bad = (message: string): RowOutcome => ({ ok: false, error: { code: 'decode_failed', message } });

for (const { name, skipped, open } of OUTPUT_PLACES) {
  describe.skipIf(skipped !== null)(`output: ${name} ${skipped ?? ''}`.trim(), () => {
    const { place, fresh, jobId, textOf } = useOutputPlace(open);
    let tokens = 0;

    const partOf = (output: Output, job: string, part = 0) => ({ output, job, part, sink: JSONL_SINK });
    const publish = async (
      output: Output,
      job: string,
      outcomes: readonly RowOutcome[],
      permit: (hash: string) => Promise<PartProof | null> = async () => 'owned',
    ) =>
      publishBlock(
        { ...partOf(output, job), rows, outcomes: [packOutcomes(outcomes)], token: `t${++tokens}` },
        permit,
      );
    const takeOver = async (output: Output, spec: JobSpec, lease: string, holds = async () => true) =>
      takeOverOutput(output, spec, spec.opening!, lease, holds);
    const overwriting = (output: Output) =>
      makeSpec({
        id: jobId(),
        output: output.place,
        opening: { if_output_exists: 'overwrite', earlier: null, cut_part: null },
      });

    it('is prepared, is empty at first, and has only what was published', async () => {
      const output = fresh();
      await output.prepare();
      expect(await output.names()).toEqual([]);
      expect(await publish(output, jobId(), [ok(1), bad('broken')])).toMatchObject({
        succeeded: 1,
        failed: 1,
      });
      expect((await output.names()).toSorted()).toEqual(['errors-00000000.jsonl', 'part-00000000.jsonl']);
      expect(await textOf(output, 'part-00000000.jsonl')).toBe('{"index":8,"id":"a","score":1}\n');
      expect(await textOf(output, 'part-00000001.jsonl')).toBeNull();
      await expect(output.read('part-00000000.jsonl', 5)).rejects.toMatchObject({ code: 'output_changed' });
      const found = (await readBlock(output, 0, JSONL_SINK))!;
      expect(found.counts).toEqual({ succeeded: 1, failed: 1 });
    });

    it('the row record of a part is there before the part, and the next owner removes both', async () => {
      const output = fresh();
      const publishRecorded = async (job: string, permit: () => Promise<PartProof | null>) =>
        publishBlock(
          {
            ...partOf(output, job),
            rows: { firstRow: 8, rows: [{ id: 'a', at: 'v1' }] },
            outcomes: [packOutcomes([ok(1)])],
            token: `t${++tokens}`,
            records: 'stamp',
          },
          permit,
        );
      const job = jobId();
      expect(await publishRecorded(job, async () => null)).toBeNull();
      expect(await place.files(output.place)).toEqual([]);
      await publishRecorded(job, async () => 'owned');
      const record = recordName(0, (await readBlock(output, 0, JSONL_SINK))!.partHash);
      expect(await place.files(output.place)).toEqual([record, 'part-00000000.jsonl']);
      expect(parseRowRecord((await output.read(record))!)).toEqual([
        { index: 8, id: 'a', version: 'v1', failed: false },
      ]);
      await takeOver(output, overwriting(output), 'lease');
      expect(await output.names()).toEqual(['job.json']);
      const killed = publishRecorded(job, async () => {
        throw new Error('dies');
      });
      await expect(killed).rejects.toThrow('dies');
      await output.removeStaging(job);
      expect(await place.files(output.place)).toEqual(['job.json']);
      expect(await place.staged(output.place)).toBe(0);
    });

    it('the index of a job takes records twice, keeps those of other jobs apart, and goes with the parts', async () => {
      const output = fresh();
      await expectIndexOfParts(output, [jobId(), jobId()], place);
      await takeOver(output, overwriting(output), 'lease');
      expect(await output.names()).toEqual(['job.json']);
    });

    it('one of several runs that publish at once wins, with its own errors', async () => {
      const output = fresh();
      const job = jobId();
      let before: Promise<unknown> = Promise.resolve();
      const runs = await Promise.all(
        Array.from({ length: 12 }, async (_, run) => {
          const turn = place.publishes === 'at once' ? null : before;
          const publishing = publish(output, job, [ok(run), bad(`run ${run}`)], async () => {
            await turn;
            return 'owned';
          });
          before = publishing;
          return publishing;
        }),
      );
      expect(runs).toMatchObject(runs.map(() => ({ succeeded: 1, failed: 1 })));
      const winner = /"score":(\d+)/.exec((await textOf(output, 'part-00000000.jsonl'))!)![1];
      expect(await textOf(output, 'errors-00000000.jsonl')).toContain(`run ${winner}`);
      await output.removeStaging(job);
      expect(await place.files(output.place)).toEqual(['errors-00000000.jsonl', 'part-00000000.jsonl']);
      expect(await place.staged(output.place)).toBe(0);
    });

    it('a run that may not publish leaves nothing', async () => {
      const output = fresh();
      expect(await publish(output, jobId(), [ok(1), bad('x')], async () => null)).toBeNull();
      expect(await place.files(output.place)).toEqual([]);
      expect(await place.staged(output.place)).toBe(0);
    });

    it.each(['before the new owner came', 'after it opened the output'])(
      'a run that was permitted %s publishes nothing once another job owns the output',
      async (when) => {
        const output = fresh();
        const frozen = publish(output, jobId(), [ok(1), bad('old')], async () => {
          const next = overwriting(output);
          await takeOver(output, next, 'lease');
          if (when === 'after it opened the output') await publish(output, next.id, [ok(2), ok(3)]);
          return { hashes: [] };
        });
        await expect(frozen).rejects.toMatchObject({
          code: expect.stringMatching(/^(storage_unavailable|output_changed)$/),
        });
        const files = (await place.files(output.place)).filter((file) => !file.startsWith('_staging/'));
        expect(files).toEqual(
          when === 'after it opened the output' ? ['job.json', 'part-00000000.jsonl'] : ['job.json'],
        );
        if (files.length === 2) expect(await textOf(output, 'part-00000000.jsonl')).toContain('"score":2');
      },
    );

    it('what is cleaned up for an earlier job takes no errors from a run of the next one', async () => {
      const output = fresh();
      const [old, next] = [jobId(), jobId()];
      const published = publish(output, next, [ok(1), bad('mine')], async () => {
        await output.removeStaging(old);
        await output.sweep(old, Date.now() - 60_000);
        return 'owned';
      });
      // On S3, the part is discarded with everything else, so the run is repeated.
      await published.catch(async () => publish(output, next, [ok(1), bad('mine')]));
      expect(await textOf(output, 'errors-00000000.jsonl')).toContain('mine');
    });

    it('errors that somebody discards while their part is published are staged again', async () => {
      const output = fresh();
      const job = jobId();
      let asked = 0;
      const counts = await publish(output, job, [ok(1), bad('mine')], async (hash) => {
        asked += 1;
        if (asked === 1) await output.dropStaged(job, 0, hash);
        return 'owned';
      });
      expect([counts, asked]).toMatchObject([{ succeeded: 1, failed: 1 }, 2]);
      expect(await textOf(output, 'errors-00000000.jsonl')).toContain('mine');
    });

    it('a superseded run with the same bytes leaves the errors of its successor alone', async () => {
      const output = fresh();
      const job = jobId();
      let asked = 0;
      const run = async (permit: Parameters<typeof publishBlock>[1]) =>
        publishBlock(
          {
            ...partOf(output, job),
            rows,
            outcomes: [packOutcomes([ok(1), bad('x')])],
            token: `t${++tokens}`,
          },
          permit,
        );
      await run(async () => {
        asked += 1;
        expect(await run(async () => 'superseded')).toBeNull();
        return 'owned';
      });
      expect(asked).toBe(1);
      expect(await textOf(output, 'errors-00000000.jsonl')).toContain('x');
    });

    it('errors of a run that died after it published are found by whoever finds the part', async () => {
      const output = fresh();
      const job = jobId();
      await publish(output, job, [ok(1), bad('mine')]);
      const hash = (await readBlock(output, 0, JSONL_SINK))!.partHash;
      // What the run leaves if it dies before it names the errors: staged errors beside a published part.
      const other = fresh();
      const staging = publish(other, job, [ok(1), bad('mine')], async () => {
        throw new Error('dies');
      });
      await expect(staging).rejects.toThrow('dies');
      await place.put(other.pathOf('part-00000000.jsonl'), (await textOf(output, 'part-00000000.jsonl'))!);
      expect(await other.placeErrors(job, 0, '0'.repeat(64))).toBe(false);
      expect(await adoptBlock(partOf(other, job), rows, { hashes: [hash] })).toMatchObject({
        succeeded: 1,
        failed: 1,
      });
      expect(await textOf(other, 'errors-00000000.jsonl')).toContain('mine');
      expect(await other.placeErrors(jobId(), 0, hash)).toBe(false);
    });

    it('a new owner names the errors of published parts, and discards all others', async () => {
      const output = fresh();
      const old = jobId();
      const dying = publish(output, old, [ok(1), bad('kept')], async () => {
        throw new Error('dies');
      });
      await expect(dying).rejects.toThrow('dies');
      await place.put(output.pathOf('part-00000000.jsonl'), '{"index":8,"id":"a","score":1}\n');
      const spec = makeSpec({
        id: jobId(),
        output: output.place,
        opening: { if_output_exists: 'resume', earlier: null, cut_part: null },
      });
      await takeOver(output, spec, 'lease').catch(() => undefined);
      expect(await textOf(output, 'errors-00000000.jsonl')).toContain('kept');
      expect(await place.staged(output.place)).toBe(0);
    });

    it('a feeder that was frozen while it opened the output changes nothing after the next one', async () => {
      const output = fresh();
      await place.put(output.pathOf('part-00000000.jsonl'), 'old');
      await place.put(output.pathOf('notes.txt'), 'mine');
      const spec = overwriting(output);
      const frozen = takeOver(output, spec, 'first', async () => {
        await takeOver(output, spec, 'second');
        await publish(output, spec.id, [ok(1), ok(2)]);
        return output.fenceMs === 0;
      });
      await expect(frozen).rejects.toThrow(LeaseLost);
      expect(await textOf(output, 'part-00000000.jsonl')).toContain('"score":1');
      expect((await output.names()).toSorted()).toEqual(['job.json', 'notes.txt', 'part-00000000.jsonl']);
    });

    it.each(['manifest.json', 'vanished.jsonl'])(
      'a feeder that was frozen while it replaced %s changes nothing after the next owner',
      async (name) => {
        const output = fresh();
        const spec = overwriting(output);
        let state: 'begins' | 'has written' | 'was frozen' = 'begins';
        const freeze = async () => {
          if (state !== 'has written') return;
          state = 'was frozen';
          await takeOver(output, spec, 'second');
        };
        const holdsLease = async () => {
          await freeze();
          return true;
        };
        const frozen = output.asOwner({ job: spec.id, lease: 'first', holdsLease }, async (files) =>
          files.replace(name, async (add) => {
            await add('old');
            state = 'has written';
            if (output.fenceMs === 0) await freeze();
          }),
        );
        await expect(frozen).rejects.toThrow();
        expect(state).toBe('was frozen');
        expect(await output.names()).toEqual(['job.json']);
      },
    );

    it("the user's own files below the output stay", async () => {
      const output = fresh();
      await place.put(output.pathOf('_staging/mine.txt'), 'mine');
      await place.put(output.pathOf('more/part-00000000.jsonl'), 'mine');
      expect((await output.names()).toSorted()).toEqual(['_staging', 'more']);
      await takeOver(output, overwriting(output), 'lease');
      await output.removeStaging(jobId());
      expect(await place.files(output.place)).toEqual([
        '_staging/mine.txt',
        'job.json',
        'more/part-00000000.jsonl',
      ]);
    });

    it('a sweep removes what is old, and keeps what is young', async () => {
      const output = fresh();
      const job = jobId();
      const dying = publish(output, job, [ok(1), bad('x')], async () => {
        throw new Error('dies');
      });
      await expect(dying).rejects.toThrow('dies');
      const young = await output.sweep(job, Date.now() - 60_000);
      expect(young).toEqual({ removed: 0, finished: false });
      expect(await output.sweep(job, Date.now() + 60_000)).toMatchObject({ finished: true });
      expect(await place.files(output.place)).toEqual([]);
      expect(await place.staged(output.place)).toBe(0);
      expect(await output.sweep(job, Date.now() + 60_000)).toEqual({ removed: 0, finished: true });
    });

    it('a file of many megabytes is replaced in one step, and is read in pieces', async () => {
      const output = fresh();
      const owner = { job: jobId(), lease: 'lease', holdsLease: async () => true };
      await output.asOwner(owner, async (files) => {
        const line = `${'x'.repeat(1023)}\n`;
        await files.replace('manifest.json', async (add) => {
          for (let at = 0; at < 17; at++) {
            await add(line.repeat(1024));
            expect(await output.open('manifest.json')).toBeNull();
          }
        });
        await files.replace('_SUCCESS', async () => undefined);
      });
      const file = (await output.open('manifest.json'))!;
      expect(file.size).toBe(17 * 1024 * 1024);
      await file.close();
      expect(await textOf(output, '_SUCCESS')).toBe('');
      await output.asOwner(owner, async (files) => files.remove(['_SUCCESS', 'missing', 'manifest.json']));
      expect(await output.names()).toEqual([]);
    });
  });
}
