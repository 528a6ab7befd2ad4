/** Settles the earlier output of a delta job, for a submit and for its plan. Changes nothing. */
import { givenOf, joinOf, type DatasetSpec } from '../../../../shared/domain/dataset-spec.ts';
import { addsFiles } from '../../../../shared/domain/job/compaction.ts';
import type { Delta } from '../../../../shared/domain/job/delta.ts';
import { JOB_ID } from '../../../../shared/domain/job/job-id.ts';
import { isTerminal } from '../../../../shared/domain/job/job-state.ts';
import type { JobOptions, JobRecord, JobSpec } from '../../../../shared/domain/job/job.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { nullIfNewer } from '../../../../shared/queue/jobs/job-specs.ts';
import { jobNotFound, type JobStore } from '../../../../shared/queue/jobs/job-store.ts';
import { outputJobs } from '../../../../shared/storage/output-jobs.ts';
import { hasSlices, type RowVersions } from '../../../../shared/domain/row-versions.ts';
import { partNumber, recordName } from '../../../../shared/storage/output-names.ts';
import { kindOfRecord } from '../../../../shared/storage/row-record.ts';
import type { Output } from '../../../../shared/storage/output.ts';
import { fileRowsKind } from '../../../../shared/storage/file-rows/open-file-rows.ts';
import {
  compactedBy,
  manifestParts,
  readManifest,
  type ManifestPart,
} from '../../../../shared/storage/read-manifest.ts';
import { isObjectUrl } from '../../../../shared/stores/object-url.ts';
import { readOutputSpec } from '../../output/check-output.ts';
import { settingsThatDiffer, type CurrentModel } from '../../output/continued-job.ts';
import type { OutputResolver } from '../../output/resolve-output.ts';

export interface SettledDelta {
  readonly delta: Delta;
  /** Whether the earlier output consists of files of several jobs, which only version 8 reads. */
  readonly fromSeveral: boolean;
}

export interface DeltaDeps {
  jobs: Pick<JobStore, 'get'>;
  output: Pick<OutputResolver, 'resolve'>;
}

/** What a request asks for. `by`: undefined if the request does not set it. */
export interface AskedDelta {
  readonly previous: string;
  readonly by?: RowVersions | undefined;
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
    const found = await output.resolve(place, id, tenant).catch((error: unknown) => {
      throw ofPrevious(error);
    });
    const spec = await readOutputSpec(found);
    if (spec?.tenant === tenant) return [found, spec];
    throw refused(
      `"${place}" has no job.json, so it is not the output of a job. Name the output of an ended job`,
    );
  }

  /** A job.json can be edited, so the place of a job that continues an earlier one is checked again. */
  async function continueDelta(delta: Delta, job: Pick<DeltaJob, 'id' | 'tenant'>): Promise<SettledDelta> {
    const [found] = await findOutput(delta.output, job);
    return { delta: { ...delta, output: found.place }, fromSeveral: hasSeveral(await readManifest(found)) };
  }

  async function beginDelta({ previous, by: asked }: AskedDelta, job: DeltaJob): Promise<SettledDelta> {
    checkInput(job, asked);
    const by = hasSlices(job.dataset) ? 'content' : (asked ?? 'stamp');
    const [found, last] = await findOutput(previous, job);
    // The manifest is read after the record. So if the job has ended, this is its last manifest.
    const record = await jobs.get(last.id).catch(nullIfNewer);
    const manifest = await readManifest(found);
    const described = describedJob(last, manifest);
    const isCompacted = described !== null && compactedBy(manifest) === described;
    const inFiles = isCompacted ? await fileRowsKind(found, jobsOf(manifest)) : null;
    if (isCompacted && inFiles === null) throw withoutVersions(found);
    if (found.place === job.place) {
      throw refused(
        'a delta job writes a complete output of its own, so it cannot write to the earlier one. Choose another output. ' +
          'To finish the earlier job, resume it (if_output_exists "resume")',
      );
    }
    const ended = checkEnded(found, last, record, described);
    const of = givenOf(last.dataset);
    checkSameKind(of, job.dataset);
    if (last.asked_columns?.select)
      throw refused(
        `the earlier output has only chosen columns (select), and not the whole results. Run the whole job once more without select. The delta job may have select`,
      );
    const recorded = inFiles ?? (await versionsIn(found));
    if (recorded !== 'no parts' && recorded !== by) throw refused(whyNot(recorded, by, job.dataset));
    const why = whyRecompute(last, of, job);
    const delta: Delta = {
      job: ended,
      output: found.place,
      ...(by === 'content' && { by }),
      ...(last.table && { table: last.table }),
      ...(why !== null && { recompute: why }),
    };
    return { delta, fromSeveral: hasSeveral(manifest) };
  }

  return {
    continue: continueDelta,
    /** `earlier`: the job that the request resumes. It goes on with its own delta. Undefined: no delta job. */
    async settle(
      asked: AskedDelta | undefined,
      earlier: Pick<JobSpec, 'delta'> | null,
      job: DeltaJob,
    ): Promise<SettledDelta | undefined> {
      if (earlier?.delta) return continueDelta(earlier.delta, job);
      return asked && beginDelta(asked, job);
    },
  };
}

const RUN_ALL =
  'Run the whole job once more without delta. Its output can be the earlier one of the next delta job';

function checkInput({ dataset }: DeltaJob, by: RowVersions | undefined): void {
  if (dataset.type !== 'files' && !hasSlices(dataset)) {
    throw refused(
      `this input has the type "${dataset.type}", and its rows have no versions. Run the whole job, or put the rows into a ` +
        'JSONL or CSV table, whose rows are compared by content',
    );
  }
  if (by === 'stamp' && hasSlices(dataset)) {
    throw refused('the rows of tables and archives have no size and time of their own. Leave `by` out');
  }
}

/**
 * The job whose end the manifest describes. Null: the last job has not ended, so its parts may still change. A retry
 * that has not added its files leaves the manifest and the files of the jobs before it.
 */
function describedJob(last: JobSpec, manifest: Readonly<Record<string, unknown>> | null): string | null {
  const job = jobsOf(manifest).at(-1) ?? null;
  return job === last.id || (addsFiles(last) && compactedBy(manifest) === job) ? job : null;
}

/** Only the parts and files of a job that has ended never change again. */
function checkEnded(
  { place }: Output,
  { id }: JobSpec,
  record: JobRecord | null,
  described: string | null,
): string {
  if (record && !isTerminal(record.status)) {
    throw new ForebayError(
      'invalid_state',
      `Job ${id} still writes to ${place}. Submit the delta job when it has ended.`,
    );
  }
  if (described !== null) return described;
  throw new ForebayError(
    'invalid_state',
    `The output ${place} has no manifest of job ${id}, because that job never ended. Finish it first ` +
      '(POST /v1/jobs/resume with the output).',
  );
}

/** Whether the output consists of files of several jobs. */
function hasSeveral(manifest: Readonly<Record<string, unknown>> | null): boolean {
  return compactedBy(manifest) !== null && jobsOf(manifest).length > 1;
}

function jobsOf(manifest: Readonly<Record<string, unknown>> | null): string[] {
  return manifest === null ? [] : outputJobs(manifest).map(({ job }) => job);
}

/** Only versions of the same kind can be compared. */
function checkSameKind(before: DatasetSpec, now: DatasetSpec): void {
  if (before.type === 'files' && now.type === 'files') {
    // Folders and object stores also list names in different orders.
    if (isObjectUrl(before.root) === isObjectUrl(now.root)) return;
    throw refused(
      `the earlier job has read ${before.root}. Versions of files and of objects on S3 or Azure cannot be compared`,
    );
  }
  if (hasSlices(before) && hasSlices(now)) return;
  throw refused(
    `the earlier job has read an input of type "${before.type}", whose rows have other ids and versions than those of ` +
      `type "${now.type}"`,
  );
}

/** Looks at the first and the last part, because an older version may have begun the output. */
async function versionsIn(output: Output): Promise<RowVersions | 'no parts' | null> {
  const kindIn = async (part: ManifestPart) => {
    const number = partNumber(part.name);
    const record = number === null ? null : await output.read(recordName(number, part.sha256));
    return record && kindOfRecord(record);
  };
  let first: ManifestPart | undefined;
  let last: ManifestPart | undefined;
  for await (const part of manifestParts(output)) {
    first ??= part;
    last = part;
  }
  if (first === undefined || last === undefined) return 'no parts';
  return (await kindIn(first)) ?? kindIn(last);
}

function whyNot(recorded: RowVersions | null, by: RowVersions, dataset: DatasetSpec): string {
  if (recorded === 'content')
    return 'the earlier output has recorded the content of its rows. Use `"by": "content"` (--delta-by content)';
  if (recorded === 'stamp' || (by === 'content' && dataset.type !== 'files')) {
    return (
      'the earlier output has not recorded the content of its rows. Run the whole job once more with ' +
      '`"row_versions": "content"` (--row-versions content)' +
      (recorded === 'stamp' ? ', or leave `by` out' : '')
    );
  }
  return `the earlier output was written by a version of Forebay that did not record the versions of rows, or with row_versions "none". ${RUN_ALL}`;
}

function whyRecompute(last: JobSpec, of: DatasetSpec, job: DeltaJob): string | null {
  const differences = settingsThatDiffer(last, job.model, job.options);
  const join = joinOf(job.dataset);
  // Columns of a table are part of its rows' content. Columns of files come from their paths.
  const isMoved = of.type === 'files' && job.dataset.type === 'files' && of.root !== job.dataset.root;
  if (JSON.stringify(joinOf(of)) !== JSON.stringify(join) || (join !== undefined && isMoved)) {
    differences.push('other columns of the input are joined');
  }
  return differences.length === 0 ? null : differences.join('; ');
}

function withoutVersions({ place }: Output): ForebayError {
  return new ForebayError(
    'output_compacted',
    `The output "${place}" cannot be the earlier one of a delta job: its parts have become larger files, and the versions ` +
      'of its rows were not recorded, or were lost with the parts in an older version of Forebay. Run the whole job once ' +
      'more, for a table or an archive with `"row_versions": "content"` (--row-versions content).',
  );
}

/** The place is checked as that of an output is, but it is not the output of the request. */
function ofPrevious(error: unknown): unknown {
  if (!(error instanceof ForebayError)) return error;
  const message = `Cannot take results over from the earlier output: ${error.message}`;
  const issues = [{ path: '/delta/previous', message: error.message }];
  return new ForebayError(error.code, message, { cause: error, issues });
}

function refused(why: string): ForebayError {
  return new ForebayError('invalid_request', `Cannot run a delta job: ${why}.`, {
    issues: [{ path: '/delta/previous', message: why }],
  });
}
