/**
 * Which entries of a folder are rows. A job keeps the rule that it began with, so that its blocks keep their rows.
 *
 * 1: every file; links only below the folder itself, broken ones are left out.
 * 2: files whose names do not say that they are no images, unless an include pattern asks for them; links to
 *    anything that the job may read; a broken link is a row, which fails.
 *
 * Whatever changes this, the table of names included, is a new rule.
 */
import type { DatasetSpec, ListingRule } from '../../domain/dataset-spec.ts';
import { createGlobFilter } from './glob-filter.ts';

/** The rule of new jobs. */
export const CURRENT_LISTING = 2 satisfies ListingRule;

/** The dataset of a job that goes on from an earlier one's output: listed as that was. */
export function withListingOf(dataset: DatasetSpec, earlier: DatasetSpec): DatasetSpec {
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

/** Whether a name says that the file is no image. A name without an extension says nothing. */
export function isNoImage(name: string): boolean {
  const dot = name.lastIndexOf('.');
  return dot > 0 && NOT_IMAGES.has(name.slice(dot + 1).toLowerCase());
}

/** A character that nobody writes in a pattern (of the private use area). */
const OTHER = '\uf8ff';

/**
 * Whether an include pattern asks for a file that is no image by its name: one that would not match it under another
 * extension of the same length (`*.txt`, `notes.*t`), where `*`, `notes*` and `*.???` would.
 */
export function createExplicitInclude(include: readonly string[]): (id: string) => boolean {
  const patterns = include.map((pattern) => createGlobFilter([pattern], []));
  return (id) => {
    const dot = id.lastIndexOf('.') + 1;
    const other = id.slice(0, dot) + OTHER.repeat(id.length - dot);
    return patterns.some((pattern) => pattern.file(id) && !pattern.file(other));
  };
}
