/**
 * A job's output folder at submit: where it may lie, what may already be in it, and the job.json that makes
 * it resumable after a total loss of Redis.
 */
import { mkdir, readFile, readdir, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { isInside } from '../shared/is-inside.ts';
import { JOB_SPEC, type JobSpec } from '../shared/domain/job.ts';
import { DEFAULT_TENANT } from '../shared/domain/tenant.ts';
import { ForebayError, messageOf } from '../shared/errors.ts';
import { isOutputName, outputFolder } from '../shared/storage/output-folder.ts';

export type IfOutputExists = 'refuse' | 'resume' | 'overwrite';

export interface OutputPreparer {
  /** The absolute folder for a tenant's wish (null: the default one). ForebayError `path_not_allowed`, `invalid_request`. */
  place(wish: string | null, jobId: string, tenant: string): Promise<string>;
  /**
   * Makes the folder and judges what it holds. `resume`: the spec of the job that left its parts, null where
   * there is none. ForebayError `invalid_request` (no name for a folder), `output_not_empty`, `resume_mismatch`, `storage_unavailable`.
   */
  open(folder: string, ifExists: IfOutputExists): Promise<JobSpec | null>;
  /** Judges as `open` does, and changes nothing. */
  inspect(folder: string, ifExists: IfOutputExists): Promise<JobSpec | null>;
  /** Removes a block that an earlier `limit` cut short, so that it is computed whole. */
  dropBlock(folder: string, block: number): Promise<void>;
  /** Writes job.json, whole or not at all. */
  describe(spec: JobSpec): Promise<void>;
}

export function createOutputPreparer(deps: {
  outputRoots: readonly string[];
  resultsDir: string;
}): OutputPreparer {
  return {
    async place(wish, jobId, tenant) {
      if (wish?.includes('\0') === true) throw wrongOutput('holds a NUL character');
      const resultsDir = folderOf(tenant, deps.resultsDir);
      const outputRoots = deps.outputRoots.map((root) => folderOf(tenant, root));
      const folder = wish === null ? join(resultsDir, jobId) : resolve(outputRoots[0]!, wish);
      const real = await realpathOfNearest(folder);
      if (Buffer.byteLength(real) > MAX_PATH_BYTES) {
        throw wrongOutput(
          `is too long: its path has ${Buffer.byteLength(real)} bytes, at most ${MAX_PATH_BYTES}`,
        );
      }
      const roots = await Promise.all([...outputRoots, resultsDir].map(realpathOfNearest));
      if (roots.some((root) => isInside(root, real))) return real;
      throw new ForebayError(
        'path_not_allowed',
        `The output "${wish}" is outside the folders that jobs may write to: ${outputRoots.join(', ')}. ` +
          'Choose one below them, or have the operator add a folder to FOREBAY_OUTPUT_ROOTS.',
      );
    },

    async open(folder, ifExists) {
      const names = await listing(folder, async () => {
        await mkdir(folder, { recursive: true });
        return readdir(folder);
      });
      if (ifExists === 'overwrite') {
        for (const name of names) {
          if (isOutputName(name)) await rm(join(folder, name), { recursive: true, force: true });
        }
      }
      return judge(folder, names, ifExists);
    },

    async inspect(folder, ifExists) {
      const names = await listing(folder, async () =>
        readdir(folder).catch((error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return [];
          throw error;
        }),
      );
      return judge(folder, names, ifExists);
    },

    async dropBlock(folder, block) {
      const paths = outputFolder(folder);
      // The part last: while it is there, the block counts as published.
      await rm(paths.errors(block), { force: true });
      await rm(paths.part(block), { force: true });
    },

    async describe(spec) {
      const { job } = outputFolder(spec.output);
      try {
        await writeFile(`${job}.new`, `${JSON.stringify(spec, null, 2)}\n`);
        await rename(`${job}.new`, job);
      } catch (error) {
        throw new ForebayError(
          'storage_unavailable',
          `Cannot write to the output folder: ${messageOf(error)}`,
          {
            cause: error,
          },
        );
      }
    },
  };
}

/** The default tenant is the operator's own: its are the roots themselves. Every other has a folder in each. */
function folderOf(tenant: string, root: string): string {
  return tenant === DEFAULT_TENANT ? root : join(root, tenant);
}

/** Linux takes 4,096: what is left is for the files in the folder and in its staging folder. */
const MAX_PATH_BYTES = 3_800;

/** What is the matter with the name, and not with the storage. */
const WRONG_NAME: Readonly<Record<string, string>> = {
  ENAMETOOLONG: 'names a folder whose name is too long for the file system (often 255 bytes)',
  ENOTDIR: 'names a file, or a place below one: an output is a folder',
  EEXIST: 'names a file: an output is a folder',
  ELOOP: 'leads through too many symbolic links',
};

function wrongOutput(why: string, cause?: unknown): ForebayError {
  return new ForebayError('invalid_request', `The output ${why}. Choose another.`, {
    cause,
    issues: [{ path: '/output', message: why }],
  });
}

async function listing(folder: string, list: () => Promise<string[]>): Promise<string[]> {
  try {
    return await list();
  } catch (error) {
    const wrong = WRONG_NAME[(error as NodeJS.ErrnoException).code ?? ''];
    if (wrong !== undefined) throw wrongOutput(wrong, error);
    throw new ForebayError(
      'storage_unavailable',
      `Cannot use the output folder ${folder}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** What an output that holds `names` means for a job: see `open`. */
async function judge(
  folder: string,
  names: readonly string[],
  ifExists: IfOutputExists,
): Promise<JobSpec | null> {
  if (names.length === 0 || ifExists === 'overwrite') return null;
  if (ifExists === 'resume') return readEarlierSpec(folder, names);
  throw new ForebayError(
    'output_not_empty',
    `The output folder "${folder}" is not empty. Choose another, resume the job that it holds ` +
      '(if_output_exists "resume") or replace it (if_output_exists "overwrite").',
  );
}

async function readEarlierSpec(folder: string, names: readonly string[]): Promise<JobSpec | null> {
  if (!names.includes('job.json')) {
    if (!names.some(isOutputName)) return null;
    throw new ForebayError(
      'resume_mismatch',
      `"${folder}" holds parts but no job.json that says how they were made. Use another output or overwrite this one.`,
    );
  }
  const text = await readFile(outputFolder(folder).job, 'utf8');
  try {
    return JOB_SPEC.parse(JSON.parse(text));
  } catch (error) {
    const cause = error instanceof z.ZodError ? z.prettifyError(error) : messageOf(error);
    throw new ForebayError(
      'resume_mismatch',
      `job.json in "${folder}" is not of this version of Forebay: ${cause}`,
    );
  }
}

/** Real path of a folder that may not exist yet: links in the part that exists are resolved. */
async function realpathOfNearest(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realpathOfNearest(parent), path.slice(parent.length));
  }
}
