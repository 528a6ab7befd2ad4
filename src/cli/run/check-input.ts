/** Checks the input of a run: it exists, is readable and is not the output. Finds the folders that contain its rows. */
import { access, constants, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import picomatch from 'picomatch';
import { isInside } from '../../shared/files/is-inside.ts';
import { createGlobFilter } from '../../shared/datasets/listing/glob-filter.ts';
import { splitGlob } from '../../shared/datasets/files/split-glob.ts';
import { messageOf } from '../../shared/errors.ts';
import { parseFetchUrl } from '../../shared/net/fetch-url.ts';
import { PART_FORMATS } from '../../shared/domain/job/part-format.ts';
import { fileName } from '../../shared/storage/file-names.ts';
import { errorsName, partName } from '../../shared/storage/output-names.ts';
import { EVERYTHING } from '../../shared/stores/object-roots.ts';
import { isObjectUrl, objectFolder, parseObjectUrl } from '../../shared/stores/object-url.ts';
import { isRemoteUrl, isWebUrl } from '../../shared/stores/remote-url.ts';
import { otherSpelling } from '../../shared/files/other-spelling.ts';
import { UsageError } from '../exit-codes.ts';
import { inputFormatOf, tableOf, type InputFormat } from '../options/input-type.ts';
import { tableInFolder } from './table-in-folder.ts';

export interface InputFlags {
  readonly input?: string;
  readonly manifest?: string;
  readonly include?: string[];
  readonly exclude?: string[];
  readonly ignoreCase?: true;
  readonly inputFormat?: InputFormat;
}

export interface RunInput {
  /** The flags with absolute paths. An output inside the input is excluded. A folder of tables has its format. */
  readonly paths: { input?: string; manifest?: string; exclude?: string[]; inputFormat?: InputFormat };
  /** Absolute folders, or prefixes of object stores. */
  readonly roots: readonly string[];
}

/** The whole machine, and every bucket. */
const EVERYWHERE = ['/', ...EVERYTHING];

/** `output`: the absolute output folder. Null: none was given. Throws UsageError. */
export async function checkInput(flags: InputFlags, cwd: string, output: string | null): Promise<RunInput> {
  if (flags.manifest !== undefined && flags.input !== undefined) {
    throw new UsageError('--input and --manifest cannot be combined: give only one of them');
  }
  if (isRemoteUrl(flags.manifest ?? '')) {
    return { paths: { manifest: remoteFile('--manifest', flags.manifest!) }, roots: EVERYWHERE };
  }
  if (flags.manifest !== undefined) return checkManifest(resolve(cwd, flags.manifest), flags.manifest);
  if (flags.input === undefined) {
    throw new UsageError(
      '--input PATH is missing: a folder, a file or a glob in quotes (or --manifest FILE)',
    );
  }
  const format = flags.inputFormat ?? inputFormatOf(flags.input);
  // Braces are not part of a URL.
  if (isRemoteUrl(flags.input) && format === 'archive')
    return { paths: { input: flags.input }, roots: EVERYWHERE };
  if (isRemoteUrl(flags.input) && tableOf(format) !== null) {
    return { paths: { input: remoteFile('--input', flags.input) }, roots: EVERYWHERE };
  }
  if (isObjectUrl(flags.input)) return objectInput(flags);
  if (isWebUrl(flags.input)) {
    throw new UsageError(
      '--input: a web server cannot list its files. Give the URL of a table, or write the URLs into a file for --manifest',
    );
  }
  const path = resolve(cwd, flags.input);
  const base = (await isThere(path)) ? path : globBase(path);
  const found = base === null ? null : await stat(base).catch(() => null);
  if (base === null || found === null) throw await notThere('--input', flags.input, base ?? path);
  await readable(base, '--input', found.isDirectory());
  // Records may name images anywhere that the user may read.
  if (format === 'archive' && (found.isFile() || base !== path))
    return { paths: { input: path }, roots: EVERYWHERE };
  const table = await tableAt(path, flags, format, found.isDirectory() && base === path);
  if (table !== null) {
    if (found.isDirectory() && output !== null && wouldBeRead(path, base, output, flags.ignoreCase)) {
      throw new UsageError(
        '--output is in the folder of --input, so its files would be read as rows: choose another --output',
      );
    }
    return { paths: { input: path, inputFormat: table }, roots: EVERYWHERE };
  }
  if (!found.isDirectory()) {
    return { paths: { input: path }, roots: [dirname(path), dirname(await realpath(path))] };
  }
  if (output === base)
    throw new UsageError('--input and --output are the same folder: choose another --output');
  const exclude =
    output !== null && isInside(base, output)
      ? [...(flags.exclude ?? []), `${escapeGlob(relative(base, output))}/**`]
      : flags.exclude;
  return { paths: { input: path, ...(exclude === undefined ? {} : { exclude }) }, roots: [base] };
}

/** Whether a table at `path` would include files that the job itself writes to the output. */
function wouldBeRead(path: string, base: string, output: string, ignoreCase = false): boolean {
  if (!isInside(base, output)) return false;
  if (base === path) return true;
  const matches = createGlobFilter([path.slice(base.length).replace(/^\/+/, '')], [], ignoreCase);
  return OUTPUT_FILES.some((name) => matches.file(relative(base, join(output, name))));
}

const OUTPUT_FILES = [
  ...PART_FORMATS.flatMap((format) => [partName(0, format), fileName(0, format)]),
  errorsName(0),
];

/** The format of a table in one file or several ones. Null: none. */
async function tableAt(
  path: string,
  { include, exclude, inputFormat }: InputFlags,
  format: InputFormat,
  isFolder: boolean,
): Promise<InputFormat | null> {
  const named = tableOf(format);
  const isOpen = isFolder && (include ?? exclude ?? inputFormat) === undefined;
  return named ?? (isOpen ? tableInFolder(path) : null);
}

/** Only the service has the credentials to look for the file. */
function remoteFile(flag: string, url: string): string {
  try {
    return isWebUrl(url) ? parseFetchUrl(url.trim()).href : parseObjectUrl(url).url;
  } catch (error) {
    throw new UsageError(`${flag}: ${messageOf(error)}`);
  }
}

/** The service checks whether the objects exist, because only it has the credentials. */
function objectInput({ input, exclude }: InputFlags): RunInput {
  try {
    const glob = splitGlob(input!);
    const root = glob === null ? rootOf(input!) : objectFolder(glob.base);
    return { paths: { input: input!, ...(exclude === undefined ? {} : { exclude }) }, roots: [root] };
  } catch (error) {
    throw new UsageError(`--input: ${messageOf(error)}`);
  }
}

/** A single object is below the prefix that contains it. */
function rootOf(url: string): string {
  const { key } = parseObjectUrl(url);
  return key === '' || key.endsWith('/')
    ? objectFolder(url)
    : objectFolder(url.slice(0, url.lastIndexOf('/') + 1));
}

/** The run belongs to the user, so rows of a manifest may be anywhere that the user may read. */
async function checkManifest(path: string, given: string): Promise<RunInput> {
  const found = await stat(path).catch(() => null);
  if (found === null) throw await notThere('--manifest', given, path);
  if (found.isDirectory()) throw new UsageError(`--manifest takes a file. For a folder use --input ${given}`);
  await readable(path, '--manifest', false);
  return { paths: { manifest: path }, roots: EVERYWHERE };
}

/** `path` is the absolute path that does not exist. */
async function notThere(flag: string, given: string, path: string): Promise<UsageError> {
  const hint = await otherSpelling(path);
  return new UsageError(`${flag}: there is no ${given}${hint === null ? '' : `; ${hint}`}`);
}

async function readable(path: string, flag: string, isFolder: boolean): Promise<void> {
  await access(path, isFolder ? constants.R_OK | constants.X_OK : constants.R_OK).catch((error: Error) => {
    throw new UsageError(`${flag} cannot be read: ${error.message}`);
  });
}

/** The folder before the first wildcard of a glob. Null for a path without wildcards. */
function globBase(path: string): string | null {
  const parts = path.split('/');
  const first = parts.findIndex((part) => picomatch.scan(part).isGlob);
  if (first === -1) return null;
  return parts.slice(0, first).join('/') || '/';
}

function escapeGlob(path: string): string {
  return path.replaceAll(/[\\*?[\]{}()!+@]/g, '\\$&');
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
