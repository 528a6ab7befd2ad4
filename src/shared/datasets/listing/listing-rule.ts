/**
 * Which entries of a folder are rows. A job keeps its first rule, so that its blocks keep their rows. No rule takes
 * hidden entries, whose names start with a dot.
 *
 * Rule 1: every file. Links count only if they lead below the folder itself. Broken links are left out.
 * Rule 2: every file. But a file with an extension of another format (`NOT_IMAGES`) counts only if an include pattern
 * names the extension. Links may lead to anything that the job may read. A broken link is a row, which fails.
 * Rule 3: as rule 2, but every extension counts. For models that do not take images.
 *
 * Any change, even to the table of extensions, needs a new rule.
 */
import type { DatasetSpec, ListingRule } from '../../domain/dataset-spec.ts';
import type { RowKind } from '../../tasks/task-description.ts';
import { createGlobFilter } from './glob-filter.ts';

/** The rule of a new job. `input`: what its model's task takes. */
export function listingFor(input: RowKind): ListingRule {
  return input === 'image' ? 2 : 3;
}

/** Gives a dataset the listing rule of an earlier one, for a job that continues its output. */
export function withListingOf(dataset: DatasetSpec, earlier: DatasetSpec): DatasetSpec {
  if (dataset.type === 'archive' && earlier.type === 'archive')
    return { ...dataset, listing: earlier.listing };
  if (dataset.type !== 'files' || earlier.type !== 'files') return dataset;
  return { ...dataset, listing: earlier.listing ?? 1 };
}

const NOT_IMAGES: ReadonlySet<string> = new Set(
  [
    'txt text md markdown rst log nfo',
    'json jsonl ndjson geojson csv tsv xml xmp yaml yml toml ini cfg conf plist properties',
    'html htm xhtml css js mjs cjs ts tsx jsx map py pyc ipynb rb php java c h cpp hpp rs go sh bat cmd ps1 sql',
    'pdf doc docx xls xlsx ppt pptx odt ods odp rtf epub',
    'zip tar gz tgz bz2 xz zst 7z rar iso dmg',
    'mp3 wav flac ogg m4a aac mp4 m4v mov avi mkv webm mpg mpeg wmv srt vtt',
    'db sqlite sqlite3 parquet arrow feather npy npz h5 hdf5 pkl mat pt pth onnx safetensors tflite tfrecord',
    'exe dll so dylib lnk url desktop torrent eml vcf sha1 sha256 md5 sfv crc',
  ].flatMap((names) => names.split(' ')),
);

/** Whether rule 2 leaves out this file, although the patterns match it. `isExplicit`: from createExplicitInclude. */
export function isLeftOut(
  rule: ListingRule,
  id: string,
  name: string,
  isExplicit: (id: string) => boolean,
): boolean {
  return rule === 2 && isNoImage(name) && !isExplicit(id);
}

/** Whether the extension of a file shows that it is not an image. False for a name without an extension. */
export function isNoImage(name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > 0 && NOT_IMAGES.has(name.slice(dot + 1).toLowerCase());
}

/** A character of the private use area, which nobody writes in a pattern. */
const OTHER = '\uf8ff';

/**
 * Whether an include pattern names the extension of a file, as `*.txt` and `notes.*t` do. Such a pattern would not match
 * the same name with another extension of equal length. `*`, `notes*` and `*.???` would.
 */
export function createExplicitInclude(
  include: readonly string[],
  ignoreCase = false,
): (id: string) => boolean {
  const patterns = include.map((pattern) => createGlobFilter([pattern], [], ignoreCase));
  return (id) => {
    const dot = id.lastIndexOf('.') + 1;
    const other = id.slice(0, dot) + OTHER.repeat(id.length - dot);
    return patterns.some((pattern) => pattern.file(id) && !pattern.file(other));
  };
}
