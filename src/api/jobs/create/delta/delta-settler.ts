/** Settles the earlier output of a delta job, for a submit and for its plan. Changes nothing. */
import { joinOf, type DatasetSpec } from '../../../../shared/domain/dataset-spec.ts';
import type { Delta } from '../../../../shared/domain/job/delta.ts';
import { JOB_ID } from '../../../../shared/domain/job/job-id.ts';
import { isTerminal } from '../../../../shared/domain/job/job-state.ts';
import type { JobOptions, JobSpec } from '../../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { nullIfNewer } from '../../../../shared/queue/jobs/job-specs.ts';
import { jobNotFound, type JobStore } from '../../../../shared/queue/jobs/job-store.ts';
import { outputJobs } from '../../../../shared/storage/output-jobs.ts';
import { partNumber, recordName } from '../../../../shared/storage/output-names.ts';
import type { Output } from '../../../../shared/storage/output.ts';
import { manifestParts, readManifest, type ManifestPart } from '../../../../shared/storage/read-manifest.ts';
import { isObjectUrl } from '../../../../shared/stores/object-url.ts';
import { checkOutput } from '../../output/check-output.ts';
import { settingsThatDiffer, type CurrentModel } from '../../output/continued-job.ts';
import type { OutputResolver } from '../../output/resolve-output.ts';

export interface DeltaDeps {
  jobs: Pick<JobStore, 'get'>;
  output: Pick<OutputResolver, 'resolve'>;
}

/** The job that asks for a delta. */
export interface DeltaJob {
  readonly id: string;
  readonly tenant: string;
  /** The place of its output. */
  readonly place: string;
  readonly model: CurrentModel;
  readonly options: JobOptions;
  readonly dataset: DatasetSpec;
  readonly selects: boolean;
}

export function createDeltaSettler({ jobs, output }: DeltaDeps) {
  /** Rejects with ForebayError `job_not_found` or `invalid_request`, also for what belongs to another tenant. */
  async function findOutput(
    previous: string,
    { id, tenant }: Pick<DeltaJob, 'id' | 'tenant'>,
  ): Promise<[Output, JobSpec]> {
    let place = previous;
    if (JOB_ID.safeParse(previous).success) {
      const record = await jobs.get(previous).catch(nullIfNewer);
      if (record?.spec.tenant !== tenant) throw jobNotFound(previous);
      place = record.spec.output;
    }
    const found = await output.resolve(place, id, tenant);
    const spec = await checkOutput(found, 'resume');
    if (spec?.tenant === tenant) return [found, spec];
    throw refused(
      `"${place}" has no job.json, so it is not the output of a job. Name the output of an ended job`,
    );
  }

  /** The manifest must be that of the last job, because only its parts never change again. */
  async function checkEnded(found: Output, last: JobSpec): Promise<void> {
    const record = await jobs.get(last.id).catch(nullIfNewer);
    if (record && !isTerminal(record.status)) {
      throw new ForebayError(
        'invalid_state',
        `Job ${last.id} still writes to ${found.place}. Submit the delta job when it has ended.`,
      );
    }
    const manifest = await readManifest(found);
    if (manifest !== null && outputJobs(manifest).at(-1)?.job === last.id) return;
    throw new ForebayError(
      'invalid_state',
      `The output ${found.place} has no manifest of job ${last.id}, because that job never ended. Finish it first ` +
        '(POST /v1/jobs/resume with the output).',
    );
  }

  /** A job.json can be edited, so the place of a job that continues an earlier one is checked again. */
  async function continueDelta(delta: Delta, job: Pick<DeltaJob, 'id' | 'tenant'>): Promise<Delta> {
    const [{ place }] = await findOutput(delta.output, job);
    return { ...delta, output: place };
  }

  async function beginDelta(previous: string, job: DeltaJob): Promise<Delta> {
    checkInput(job);
    const [found, last] = await findOutput(previous, job);
    if (found.place === job.place) {
      throw refused(
        'a delta job writes a complete output of its own, so it cannot write to the earlier one. Choose another output. ' +
          'To finish the earlier job, resume it (if_output_exists "resume")',
      );
    }
    await checkEnded(found, last);
    const of = last.dataset.type === 'failed' ? last.dataset.of : last.dataset;
    if (of.type !== 'files' || job.dataset.type !== 'files') {
      throw refused(`the earlier job has read an input of type "${of.type}". Only files have versions`);
    }
    if (isObjectUrl(of.root) !== isObjectUrl(job.dataset.root)) {
      throw refused(
        `the earlier job has read ${of.root}. Versions of files and versions of S3 objects cannot be compared`,
      );
    }
    if (last.asked_columns?.select)
      throw refused(`the earlier output has only chosen columns (select). ${RUN_ALL}`);
    if (!(await hasVersions(found))) {
      throw refused(
        `the earlier output was written by a version of Forebay that did not record the versions of rows. ${RUN_ALL}`,
      );
    }
    const why = whyRecompute(last, of, job);
    return {
      job: last.id,
      output: found.place,
      ...(last.table && { table: last.table }),
      ...(why !== null && { recompute: why }),
    };
  }

  return {
    continue: continueDelta,
    /** `earlier`: the job that the request resumes. It goes on with its own delta. Undefined: no delta job. */
    async settle(
      asked: { readonly previous: string } | undefined,
      earlier: Pick<JobSpec, 'delta'> | null,
      job: DeltaJob,
    ): Promise<Delta | undefined> {
      if (earlier?.delta) return continueDelta(earlier.delta, job);
      return asked && beginDelta(asked.previous, job);
    },
  };
}

const RUN_ALL =
  'Run the whole job once more without delta. Its output can be the earlier one of the next delta job';

function checkInput({ dataset, selects }: DeltaJob): void {
  if (dataset.type !== 'files') {
    throw refused(
      `only files of a folder and objects of S3 have versions, and this input has the type "${dataset.type}". ` +
        'Run the whole job',
    );
  }
  if (selects)
    throw refused('a delta job cannot choose columns (select), because it takes whole results over');
}

/** Looks at the first and the last part, because an older version may have begun the output. */
async function hasVersions(output: Output): Promise<boolean> {
  const hasRecord = async (part: ManifestPart | undefined) => {
    const number = part === undefined ? null : partNumber(part.name);
    return number !== null && (await output.read(recordName(number, part!.sha256))) !== null;
  };
  let first: ManifestPart | undefined;
  let last: ManifestPart | undefined;
  for await (const part of manifestParts(output)) {
    first ??= part;
    last = part;
  }
  return first === undefined || (await hasRecord(first)) || hasRecord(last);
}

function whyRecompute(last: JobSpec, of: DatasetSpec & { type: 'files' }, job: DeltaJob): string | null {
  const differences = settingsThatDiffer(last, job.model, job.options);
  const join = joinOf(job.dataset);
  const isJoined = join !== undefined && job.dataset.type === 'files' && of.root !== job.dataset.root;
  if (JSON.stringify(of.join) !== JSON.stringify(join) || isJoined) {
    differences.push('other columns of the input are joined');
  }
  return differences.length === 0 ? null : differences.join('; ');
}

function refused(why: string): ForebayError {
  return new ForebayError('invalid_request', `Cannot run a delta job: ${why}.`, {
    issues: [{ path: '/delta/previous', message: why }],
  });
}
