/** Rows that come with a request. They are kept on disk under the id of the job that reads them. */
import { link, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { spoolInline } from '../../../../shared/datasets/inline/inline-source.ts';
import { spoolUrls } from '../../../../shared/datasets/urls/urls-source.ts';
import type { GivenDataset } from '../../../../shared/domain/dataset-spec.ts';
import { DEFAULT_TENANT } from '../../../../shared/domain/tenant.ts';
import { ForebayError, InvariantError, messageOf } from '../../../../shared/errors.ts';
import { tenantFolder } from '../../../../shared/files/tenant-folder.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';

export type UrlsDataset = Extract<GivenDataset, { type: 'urls' }>;
export type InlineDataset = Extract<GivenDataset, { type: 'inline' }>;
type SpooledInput = Extract<PackedInput, { packed: object }>;

export interface SpoolOptions {
  readonly spoolDir: string;
  /** Maximum number of rows with one request. */
  readonly maxListRows?: number;
  /** The tenant of a job. Null if it is no longer known. */
  readonly ownerOf: (jobId: string) => Promise<string | null>;
}

/** Hands spooled rows over from an earlier job to a new one of the same tenant. */
export interface Handover {
  readonly from: string;
  readonly to: string;
  readonly tenant: string;
}

export interface InputSpool {
  /**
   * Rejects with ForebayError `list_too_long`, `storage_unavailable`. A rejected call may leave unfinished files, which
   * `discard` removes.
   */
  write(input: SpooledInput, jobId: string, tenant: string): Promise<UrlsDataset | InlineDataset>;
  /** The dataset of a job's URLs, whether they are spooled or not. */
  urlsOf(jobId: string, tenant: string): UrlsDataset;
  /**
   * Keeps the rows under the new job's id too. Rejects with ForebayError `input_not_found` if they are gone, and
   * `storage_unavailable`.
   */
  handOverUrls(jobs: Handover): Promise<UrlsDataset>;
  /** Does the same as `handOverUrls` for inline rows. */
  handOverInline(jobs: Handover): Promise<InlineDataset>;
  /** Removes a job's rows. No error if there are none. */
  discard(jobId: string, tenant: string): Promise<void>;
  /** Size of a job's rows, in bytes. */
  bytes(jobId: string, tenant: string): Promise<number>;
}

/** Rows of a request are held in memory until they are spooled. Longer lists belong in a manifest. */
const MAX_LIST_ROWS = 200_000;

const KINDS = ['urls.jsonl', 'inline.jsonl', 'inline.blob'] as const;
type Kind = (typeof KINDS)[number];

export function createInputSpool({
  spoolDir,
  maxListRows = MAX_LIST_ROWS,
  ownerOf,
}: SpoolOptions): InputSpool {
  /** Each tenant's rows are in a separate folder, so that no job.json can name those of another tenant. */
  const file = (jobId: string, tenant: string, kind: Kind) => {
    if (!/^[\w-]+$/.test(jobId)) throw new InvariantError(`job id "${jobId}" cannot be a file name`);
    return join(tenantFolder(spoolDir, tenant), `${jobId}.${kind}`);
  };
  const urlsOf = (jobId: string, tenant: string): UrlsDataset => ({
    type: 'urls',
    spool: file(jobId, tenant, 'urls.jsonl'),
  });
  const inlineOf = (jobId: string, tenant: string): InlineDataset => ({
    type: 'inline',
    spool: file(jobId, tenant, 'inline.jsonl'),
    blob: file(jobId, tenant, 'inline.blob'),
  });

  function checkLength(rows: number, path: string): void {
    if (rows <= maxListRows) return;
    throw new ForebayError(
      'list_too_long',
      `${path} lists ${rows} rows; one request may carry at most ${maxListRows}. ` +
        'Put them into a manifest, or submit several jobs.',
      { issues: [{ path, message: `has ${rows} entries; at most ${maxListRows}` }] },
    );
  }

  /** `from` may come from a job.json, so its rows are handed over only if they belong to the tenant. */
  async function handOver({ from, to, tenant }: Handover, kind: Kind): Promise<void> {
    const target = file(to, tenant, kind);
    const own = tenant !== DEFAULT_TENANT && (await addName(file(from, tenant, kind), target));
    if (own) return;
    // Earlier versions had no tenant folders. They kept all rows in the folder of the default tenant.
    const owner = (await ownerOf(from)) ?? DEFAULT_TENANT;
    if (owner === tenant && (await addName(file(from, DEFAULT_TENANT, kind), target))) return;
    throw new ForebayError(
      'input_not_found',
      `The rows of job ${from} came with its request and are no longer kept. Submit the same request again with ` +
        'the same output and if_output_exists "resume".',
    );
  }

  return {
    urlsOf,
    async write(input, jobId, tenant) {
      if (input.type === 'urls') {
        checkLength(input.packed.count, '/input/urls');
        const dataset = urlsOf(jobId, tenant);
        await spoolUrls(dataset.spool, input.packed);
        return dataset;
      }
      checkLength(input.packed.count, '/input/rows');
      const dataset = inlineOf(jobId, tenant);
      await spoolInline(dataset.spool, dataset.blob, input.packed);
      return dataset;
    },
    async handOverUrls(jobs) {
      await handOver(jobs, 'urls.jsonl');
      return urlsOf(jobs.to, jobs.tenant);
    },
    async handOverInline(jobs) {
      await handOver(jobs, 'inline.jsonl');
      await handOver(jobs, 'inline.blob');
      return inlineOf(jobs.to, jobs.tenant);
    },
    async discard(jobId, tenant) {
      for (const kind of KINDS) await rm(file(jobId, tenant, kind), { force: true });
    },
    async bytes(jobId, tenant) {
      const sizes = KINDS.map(async (kind) =>
        stat(file(jobId, tenant, kind)).then(
          ({ size }) => size,
          () => 0,
        ),
      );
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
    },
  };
}

/** Gives a file a second name. Returns false if it does not exist. Rejects with ForebayError `storage_unavailable`. */
async function addName(from: string, to: string): Promise<boolean> {
  try {
    await mkdir(dirname(to), { recursive: true });
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new ForebayError(
      'storage_unavailable',
      `Cannot keep the rows of the earlier job in ${dirname(to)}: ${messageOf(error)}. Free space there, or make it writable.`,
      { cause: error },
    );
  }
}
