/** Resolves an input of files: a folder, a single file, or a glob. */
import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { createGlobFilter } from '../../../../shared/datasets/listing/glob-filter.ts';
import { listingFor } from '../../../../shared/datasets/listing/listing-rule.ts';
import { splitGlob } from '../../../../shared/datasets/files/split-glob.ts';
import type { DatasetSpec, FilesSpec, ListingRule } from '../../../../shared/domain/dataset-spec.ts';
import { ForebayError } from '../../../../shared/errors.ts';
import { isWebUrl } from '../../../../shared/stores/remote-url.ts';
import type { RowFields } from '../../../../shared/tasks/row-fields.ts';
import type { RowKind } from '../../../../shared/tasks/task-description.ts';
import type { PackedInput } from '../../../http/wire/job-input.ts';
import { checkReadable, type InputPaths } from './input-paths.ts';

export interface ResolvedInput {
  readonly spec: DatasetSpec;
  /** Number of rows, if known without reading the dataset. */
  readonly total: number | null;
  /** Whether the file with the rows is compressed. Default: false. */
  readonly compressed?: boolean;
}

export type FilesInput = Extract<PackedInput, { type: 'files' }>;

/** Whose input it is, and what the model's task takes. */
export interface Resolving {
  readonly tenant: string;
  readonly taskInput: RowKind;
  readonly fields: RowFields;
}

export async function resolveFiles(
  paths: InputPaths,
  input: FilesInput,
  { tenant, taskInput }: Resolving,
): Promise<ResolvedInput> {
  if (isWebUrl(input.path)) {
    throw new ForebayError(
      'invalid_request',
      'A web server cannot list its files. Give a list of URLs ({"type":"urls"}), or a manifest.',
      { issues: [{ path: '/input/path', message: 'must be a path, or an s3:// or az:// URL' }] },
    );
  }
  const listing = listingFor(taskInput);
  const globs = globsOf(input);
  const { include } = globs;
  const glob = splitGlob(input.path);
  // A path that looks like a glob but exists is taken literally.
  if (glob !== null && !(await paths.exists(paths.absolute(input.path)))) {
    if (include.length > 0) throw twoGlobs();
    checkGlobs([glob.pattern], '/input/path', input.ignore_case);
    const base = await paths.find(glob.base, tenant);
    if (!base.isFolder) {
      throw new ForebayError('input_not_found', `${base.path} is a file, so nothing matches ${input.path}.`);
    }
    await checkReadable(base);
    return folder(base.path, { ...globs, include: [glob.pattern] }, listing);
  }
  const found = await paths.find(input.path, tenant);
  await checkReadable(found);
  if (found.isFolder) return folder(found.path, globs, listing);
  // The row's id is the name that the user gave, not the target of a link.
  const named = paths.absolute(input.path);
  const root = await realpath(dirname(named));
  return { spec: { type: 'files', root, include: [], exclude: [], only: basename(named) }, total: 1 };
}

function folder(root: string, globs: Globs, listing: ListingRule): ResolvedInput {
  return { spec: { type: 'files', root, ...globs, listing }, total: null };
}

type Globs = Pick<FilesSpec, 'include' | 'exclude' | 'ignore_case'>;

/** The globs of a request. Throws as checkGlobs does. */
export function globsOf({
  include = [],
  exclude = [],
  ignore_case = false,
}: Pick<FilesInput, 'include' | 'exclude' | 'ignore_case'>): Globs {
  checkGlobs(include, '/input/include', ignore_case);
  checkGlobs(exclude, '/input/exclude', ignore_case);
  return { include, exclude, ...(ignore_case && { ignore_case }) };
}

export function twoGlobs(): ForebayError {
  return new ForebayError(
    'invalid_request',
    'A glob in "path" and "include" cannot be combined. Give the folder as "path".',
    { issues: [{ path: '/input/include', message: 'cannot be combined with a glob in "path"' }] },
  );
}

/** Throws ForebayError `invalid_request` for a pattern that compileGlobs refuses. */
export function checkGlobs(patterns: readonly string[], path: string, ignoreCase = false): void {
  try {
    createGlobFilter(patterns, [], ignoreCase);
  } catch (error) {
    if (!(error instanceof ForebayError)) throw error;
    throw new ForebayError(error.code, error.message, {
      cause: error,
      issues: [{ path, message: error.message }],
    });
  }
}
