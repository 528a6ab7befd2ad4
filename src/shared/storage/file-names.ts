/**
 * Names of compacted files: data/compact-*.<format>, or data/label=cat/compact-*.<format> if a column partitions them.
 * Forebay writes nothing else into `data`. The list of a task's files is _compact-*.jsonl in the output itself, until
 * the job has ended. The record of their rows is _file-rows-*.jsonl there.
 */
import { PART_FORMATS, type PartFormat } from '../domain/job/part-format.ts';

/** The folder of the files. Files of the user may be there, too. */
export const DATA_FOLDER = 'data';
export const LIST_PREFIX = '_compact-';
export const ROWS_PREFIX = '_file-rows-';
/** Readers of partitioned outputs read this as null. */
const NULL_FOLDER = '__HIVE_DEFAULT_PARTITION__';
/** The limit of most file systems, in bytes. */
const MOST_BYTES = 255;

const FILE = `compact-(\\d{8,})\\.(?:${PART_FORMATS.join('|')})`;
const LIST = '_compact-(\\d{8,})\\.jsonl';
const ROWS = '_file-rows-(\\d{8,})\\.jsonl';
const IS_LIST = new RegExp(`^${LIST}$`);
const IS_ROWS = new RegExp(`^${ROWS}$`);
const PARTITION = '[^/=]+=[^/]+';
const IS_PARTITION = new RegExp(`^${PARTITION}$`);
const IN_DATA = new RegExp(`^${DATA_FOLDER}/(?:${PARTITION}/)?${FILE}$`);
export const STAGED_FILE = new RegExp(`^(?:${FILE}|${LIST}|${ROWS})\\.[^.]+$`);

/** A path in the output. `folder`: see folderOf. */
export function fileName(file: number, format: PartFormat, folder: string | null = null): string {
  const name = `compact-${digits(file)}.${format}`;
  return folder === null ? `${DATA_FOLDER}/${name}` : `${DATA_FOLDER}/${folder}/${name}`;
}

/** The list of the files that a task has published. */
export function fileListName(file: number): string {
  return `${LIST_PREFIX}${digits(file)}.jsonl`;
}

export function isFileListName(name: string): boolean {
  return IS_LIST.test(name);
}

/** The record of the rows in the files of a task (docs/adr/0036). */
export function fileRowsName(file: number): string {
  return `${ROWS_PREFIX}${digits(file)}.jsonl`;
}

/** The number of the task. Null: it is not the name of a record of rows. */
export function fileRowsNumber(name: string): number | null {
  const number = IS_ROWS.exec(name)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether a name in the output itself describes compacted files. */
export function describesFiles(name: string): boolean {
  return isFileListName(name) || fileRowsNumber(name) !== null;
}

/** Whether a path in the output belongs to a compacted file, or to a file that describes such files. */
export function isFilePath(path: string): boolean {
  return IN_DATA.test(path) || describesFiles(path);
}

/** The number of the task that has written a file. Null: it is not a compacted file. */
export function fileNumber(path: string): number | null {
  const number = IN_DATA.exec(path)?.[1];
  return number === undefined ? null : Number(number);
}

/** Whether a path is that of a compacted file from number `first` on, or of a list or record of such files. */
export function isFileFrom(first: number, path: string): boolean {
  const list = IS_LIST.exec(path)?.[1];
  const number = list === undefined ? (fileNumber(path) ?? fileRowsNumber(path)) : Number(list);
  return number !== null && number >= first;
}

/** The folder, and the name in it. Folder null: the file is in the output itself. */
export function splitPath(path: string): { readonly folder: string | null; readonly name: string } {
  const slash = path.lastIndexOf('/');
  return slash < 0
    ? { folder: null, name: path }
    : { folder: path.slice(0, slash), name: path.slice(slash + 1) };
}

/** Whether a folder in `data` may hold compacted files. */
export function isPartition(folder: string): boolean {
  return IS_PARTITION.test(folder);
}

/** `why`: ends a sentence about the value. */
export type PartitionFolder =
  | { readonly ok: true; readonly folder: string }
  | { readonly ok: false; readonly why: string };

/**
 * The folder of the rows with a value, as Hive and Spark name it. It is never `..` and has no `/`. The empty text has
 * the folder of null.
 */
export function folderOf(column: string, value: string | null): PartitionFolder {
  // pyarrow and Polars decode a name before they compare it with the name for null, so escaping would not help.
  if (value === NULL_FOLDER) return { ok: false, why: 'stands for null in the name of a folder' };
  const isNull = value === null || value === '';
  // Earlier versions wrote such names.
  const text = isNull ? NULL_FOLDER : escaped(value).replace(/^__HIVE/, '%5F_HIVE');
  // Azure and Windows may drop a dot at the end of a folder's name.
  const name = text.replace(/\.$/, '%2E');
  const folder = `${escaped(column)}=${name}`;
  if (Buffer.byteLength(folder) <= MOST_BYTES) return { ok: true, folder };
  return { ok: false, why: 'is too long for the name of a folder' };
}

/** Escapes all ASCII characters except letters, digits and `-_.~`. Readers decode them as in a URL. */
function escaped(text: string): string {
  // A lone surrogate becomes U+FFFD.
  return Buffer.from(text)
    .toString()
    .replaceAll(/[^\w.~\-\u0080-\uffff]/g, (character) => {
      const code = character.charCodeAt(0).toString(16).toUpperCase();
      return `%${code.padStart(2, '0')}`;
    });
}

function digits(file: number): string {
  return String(file).padStart(8, '0');
}
