/**
 * From a request's `input` to a dataset that any process can enumerate: paths made absolute and checked
 * against the input roots, URL lists and inline rows spooled. Knows nothing of HTTP or jobs.
 */
import { constants, existsSync } from 'node:fs';
import { access, link, mkdir, realpath, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve as resolvePath } from 'node:path';
import { createInputRule, whyRefused, type InputFolders } from '../../../shared/files/input-folders.ts';
import { checkLines } from '../../../shared/datasets/lines/line-reader.ts';
import { CURRENT_LISTING } from '../../../shared/datasets/files/listing-rule.ts';
import { compileGlobs } from '../../../shared/datasets/files/glob/compile-globs.ts';
import { splitGlob } from '../../../shared/datasets/files/split-glob.ts';
import { existingForm, formHint } from '../../../shared/text/unicode-form.ts';
import { spoolInline } from '../../../shared/datasets/inline/inline-source.ts';
import { spoolUrls } from '../../../shared/datasets/urls/urls-source.ts';
import type { DatasetSpec, GivenDataset } from '../../../shared/domain/dataset-spec.ts';
import { DEFAULT_TENANT } from '../../../shared/domain/tenant.ts';
import { ForebayError, InvariantError, messageOf } from '../../../shared/errors.ts';
import { tenantFolder } from '../../../shared/files/tenant-folder.ts';
import type { PackedInput } from '../../http/wire/job-input.ts';

export interface ResolvedInput {
  readonly spec: DatasetSpec;
  /** Rows, where it is known without reading the dataset. */
  readonly total: number | null;
}

export interface InputResolver {
  /**
   * Rejects with ForebayError `path_not_allowed`, `input_not_found`, `input_unreadable`, `invalid_request`,
   * `list_too_long`, `storage_unavailable`; then nothing is left in the spool.
   */
  resolve(input: PackedInput, jobId: string, tenant: string): Promise<ResolvedInput>;
  /**
   * Whether a dataset that was resolved once, and written down where others may write, can still be read and may
   * be. Spooled rows are not looked for. Rejects as `resolve` does.
   */
  check(dataset: GivenDataset, tenant: string): Promise<void>;
  /**
   * The dataset of an earlier job (`from`, by the job.json in `folder`) for a new one (`to`): checked, and spooled
   * rows that the new one reads kept under its name too. Rejects as `resolve` does; `input_not_found` where they
   * are gone.
   */
  adopt(
    dataset: DatasetSpec,
    jobs: {
      readonly from: string;
      readonly to: string;
      readonly folder: string;
      readonly tenant: string;
    },
  ): Promise<DatasetSpec>;
  /** Removes what `resolve` or `adopt` spooled for a tenant's job; no error when there is nothing. */
  discard(jobId: string, tenant: string): Promise<void>;
  /** What lies in the spool for a tenant's job, bytes: they count as the tenant's. */
  spooledBytes(jobId: string, tenant: string): Promise<number>;
}

/** Rows of a request are held in memory until they are spooled. Longer lists belong into a manifest. */
const MAX_LIST_ROWS = 200_000;

/** Relative paths start at the first input root. */
export interface InputResolverOptions extends InputFolders {
  readonly spoolDir: string;
  /** Rows that may come with one request. */
  readonly maxListRows?: number;
  /** Whose job it is; null where that is not known any more. */
  readonly ownerOf: (jobId: string) => Promise<string | null>;
  /** How an operator adds a root, for the error message. */
  readonly rootSetting?: string;
}

/** Kinds of spool files. */
const SPOOLED = ['urls.jsonl', 'inline.jsonl', 'inline.blob'] as const;

/** Of spooled rows, from an earlier job to a new one of the same tenant. */
interface Handover {
  readonly from: string;
  readonly to: string;
  readonly tenant: string;
}

type FilesInput = Extract<PackedInput, { type: 'files' }>;
type InlineDataset = Extract<GivenDataset, { type: 'inline' }>;

export function createInputResolver(options: InputResolverOptions): InputResolver {
  const { inputRoots, spoolDir, maxListRows = MAX_LIST_ROWS, rootSetting = 'FOREBAY_INPUT_ROOTS' } = options;
  const rule = createInputRule(options);
  /** Each tenant's rows lie in a folder of its own, so that no job.json can name another's. */
  const spoolFile = (jobId: string, tenant: string, kind: string) => {
    if (!/^[\w-]+$/.test(jobId)) throw new InvariantError(`job id "${jobId}" as a file name`);
    return join(tenantFolder(spoolDir, tenant), `${jobId}.${kind}`);
  };

  async function resolve(input: PackedInput, jobId: string, tenant: string): Promise<ResolvedInput> {
    switch (input.type) {
      case 'files':
        return resolveFiles(input, tenant);
      case 'manifest':
        return { spec: await resolveManifest(input.path, tenant), total: null };
      case 'urls': {
        checkLength(input.packed.count, '/input/urls');
        const spool = spoolFile(jobId, tenant, 'urls.jsonl');
        await spoolUrls(spool, input.packed);
        return { spec: { type: 'urls', spool }, total: input.packed.count };
      }
      case 'inline': {
        checkLength(input.packed.count, '/input/rows');
        const spool = spoolFile(jobId, tenant, 'inline.jsonl');
        const blob = spoolFile(jobId, tenant, 'inline.blob');
        await spoolInline(spool, blob, input.packed);
        return { spec: { type: 'inline', spool, blob }, total: input.packed.count };
      }
    }
  }

  function checkLength(rows: number, path: string): void {
    if (rows <= maxListRows) return;
    throw new ForebayError(
      'list_too_long',
      `${path} lists ${rows} rows; at most ${maxListRows} come with one request. ` +
        'Write them into a manifest, or submit several jobs.',
      { issues: [{ path, message: `has ${rows} entries; at most ${maxListRows}` }] },
    );
  }

  async function discard(jobId: string, tenant: string): Promise<void> {
    for (const kind of SPOOLED) await rm(spoolFile(jobId, tenant, kind), { force: true });
  }

  async function spooledBytes(jobId: string, tenant: string): Promise<number> {
    const sizes = SPOOLED.map(async (kind) =>
      stat(spoolFile(jobId, tenant, kind)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  }

  async function resolveFiles(input: FilesInput, tenant: string): Promise<ResolvedInput> {
    const { include = [], exclude = [] } = input;
    checkGlobs(include, '/input/include');
    checkGlobs(exclude, '/input/exclude');
    const glob = splitGlob(input.path);
    // A name that looks like a glob but exists is meant literally.
    if (glob !== null && !(await exists(absolute(input.path)))) {
      if (include.length > 0) {
        throw new ForebayError(
          'invalid_request',
          'A glob in "path" and "include" cannot be combined: give the folder as "path".',
          {
            issues: [{ path: '/input/include', message: 'not together with a glob in "path"' }],
          },
        );
      }
      checkGlobs([glob.pattern], '/input/path');
      const { path, isFolder } = await allowed(glob.base, tenant);
      if (!isFolder)
        throw new ForebayError('input_not_found', `${path} is a file, so nothing matches ${input.path}.`);
      await readable(path, true);
      return folder(path, [glob.pattern], exclude);
    }
    const { path, isFolder } = await allowed(input.path, tenant);
    await readable(path, isFolder);
    if (isFolder) return folder(path, include, exclude);
    // The id is the name as the user knows it, not that of a link's target.
    const named = absolute(input.path);
    const root = await realpath(dirname(named));
    return { spec: { type: 'files', root, include: [], exclude: [], only: basename(named) }, total: 1 };
  }

  async function resolveManifest(given: string, tenant: string): Promise<DatasetSpec> {
    const { path, isFolder } = await allowed(given, tenant);
    if (isFolder) {
      throw new ForebayError(
        'input_unreadable',
        `${path} is a folder, not a manifest file. For its files use {"type":"files"}.`,
      );
    }
    await readable(path, false);
    await checkLines(path);
    return { type: 'manifest', path, base: await realpath(dirname(absolute(given))) };
  }

  /** The real path of something that exists under a root. */
  async function allowed(given: string, tenant: string): Promise<{ path: string; isFolder: boolean }> {
    const wanted = absolute(given);
    const { real, missing } = await realPart(wanted);
    // A missing path is judged by its existing part, so that nobody learns what exists elsewhere.
    const verdict = rule(real, tenant);
    if (verdict !== 'allowed') {
      const roots = inputRoots.join(', ') || '(none configured)';
      const mend =
        verdict === 'outside'
          ? `Inputs are read from: ${roots}. Put the data there, or add its folder to ${rootSetting}.`
          : `Choose another folder below ${roots}.`;
      throw new ForebayError('path_not_allowed', `${given} ${whyRefused(verdict)}. ${mend}`);
    }
    if (missing) throw notThere(wanted);
    const found = await stat(real).catch((error: unknown) => Promise.reject(unreadable(real, error)));
    if (!found.isDirectory() && !found.isFile()) {
      throw new ForebayError('input_unreadable', `${wanted} is neither a file nor a folder.`);
    }
    return { path: real, isFolder: found.isDirectory() };
  }

  function absolute(path: string): string {
    if (path.includes('\0')) throw new ForebayError('invalid_request', 'The path holds a NUL character.');
    return resolvePath(inputRoots[0] ?? '/', path);
  }

  async function check(dataset: GivenDataset, tenant: string): Promise<void> {
    if (dataset.type === 'files') {
      await readable((await allowed(dataset.root, tenant)).path, true);
      if (dataset.only !== undefined) await allowed(join(dataset.root, dataset.only), tenant);
    }
    if (dataset.type === 'manifest') {
      await allowed(dataset.base, tenant);
      await readable((await allowed(dataset.path, tenant)).path, false);
    }
  }

  async function adopt(
    dataset: DatasetSpec,
    jobs: Handover & { readonly folder: string },
  ): Promise<DatasetSpec> {
    switch (dataset.type) {
      case 'files':
      case 'manifest':
        await check(dataset, jobs.tenant);
        return dataset;
      case 'failed': {
        const { of } = dataset;
        await check(of, jobs.tenant);
        return { ...dataset, folder: jobs.folder, of: await adoptGiven(of, jobs) };
      }
      case 'urls':
        return { type: 'urls', spool: await keepSpooled(jobs, 'urls.jsonl') };
      case 'inline':
        return keepInline(jobs);
    }
  }

  /** The dataset that failed rows belong to. What it says of the spool is replaced: it was read from storage. */
  async function adoptGiven(of: GivenDataset, jobs: Handover): Promise<GivenDataset> {
    if (of.type === 'inline') return keepInline(jobs);
    // The ids of URLs say where they are: their list is not read again.
    if (of.type === 'urls') return { type: 'urls', spool: spoolFile(jobs.to, jobs.tenant, 'urls.jsonl') };
    return of;
  }

  async function keepInline(jobs: Handover): Promise<InlineDataset> {
    return {
      type: 'inline',
      spool: await keepSpooled(jobs, 'inline.jsonl'),
      blob: await keepSpooled(jobs, 'inline.blob'),
    };
  }

  /** `jobs.from` is what a job.json says: its rows are handed over only where they are the tenant's. */
  async function keepSpooled(jobs: Handover, kind: string): Promise<string> {
    const { from, tenant } = jobs;
    const path = spoolFile(jobs.to, tenant, kind);
    const own = tenant !== DEFAULT_TENANT && (await keep(spoolFile(from, tenant, kind), path));
    // The folder of the default tenant held every tenant's rows once.
    const owner = own ? tenant : ((await options.ownerOf(from)) ?? DEFAULT_TENANT);
    if (own || (owner === tenant && (await keep(spoolFile(from, DEFAULT_TENANT, kind), path)))) return path;
    throw new ForebayError(
      'input_not_found',
      `The rows of job ${from} came with its request and are not kept any more. Submit the same request again with ` +
        'the same output and if_output_exists "resume".',
    );
  }

  return { resolve, discard, spooledBytes, check, adopt };
}

function notThere(path: string): ForebayError {
  const form = existingForm(path, existsSync);
  return new ForebayError(
    'input_not_found',
    `${path} does not exist${form === null ? '' : `; ${formHint(form)}`}.`,
  );
}

function folder(root: string, include: string[], exclude: string[]): ResolvedInput {
  return { spec: { type: 'files', root, include, exclude, listing: CURRENT_LISTING }, total: null };
}

/** Gives a file a second name; false where there is no such file. */
async function keep(from: string, to: string): Promise<boolean> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}

/** Throws ForebayError `invalid_request` where one cannot be matched in linear time. */
function checkGlobs(patterns: readonly string[], path: string): void {
  try {
    compileGlobs(patterns);
  } catch (error) {
    if (!(error instanceof ForebayError)) throw error;
    throw new ForebayError(error.code, error.message, {
      cause: error,
      issues: [{ path, message: error.message }],
    });
  }
}

/** The real path; of one that is missing, as far as it exists, with the rest behind it. */
async function realPart(path: string): Promise<{ real: string; missing: boolean }> {
  for (let part = path; ; part = dirname(part)) {
    try {
      return { real: join(await realpath(part), path.slice(part.length)), missing: part !== path };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw unreadable(path, error);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function readable(path: string, isFolder: boolean): Promise<void> {
  try {
    await access(path, isFolder ? constants.R_OK | constants.X_OK : constants.R_OK);
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): ForebayError {
  return new ForebayError('input_unreadable', `Cannot read ${path}: ${messageOf(cause)}.`, { cause });
}
