/** The `input` of a submitted job. */
import { z } from 'zod';
import { DELIMITER } from '../../../shared/datasets/csv/delimiters.ts';
import type { PackedInline } from '../../../shared/datasets/inline/pack-inline.ts';
import type { PackedUrls } from '../../../shared/datasets/urls/pack-urls.ts';
import { COLUMNS } from '../../../shared/domain/columns.ts';
import { MAX_ISSUES } from './issues.ts';

/** Low enough that a spooled row fits into one line, which may have 64 KB. */
const MAX_URL_CHARS = 8192;
const MAX_ID_CHARS = 1024;

const NEITHER = 'a row has bytes in "data", or fields that feed the model';
const BOTH = 'a row with "data" has no other fields';

const PATH = z.string().min(1, 'a path is needed').max(4096);
const GLOBS = z.array(z.string().min(1, 'an empty pattern matches nothing').max(1024)).max(100);

const IGNORE_CASE = z
  .boolean()
  .optional()
  .describe('Whether globs ignore letter case, so that `*.jpg` matches `A.JPG`, too. Default: false.');

export const FILES_INPUT = z.strictObject({
  type: z.literal('files'),
  path: PATH.describe(
    'A folder, a single file, or a glob such as `photos/**/*.jpg`. Absolute, or relative to the first input root. Or the same on S3 (`s3://bucket/prefix/`) or Azure (`az://container/prefix/`). A folder is read recursively, in a fixed order. Links are followed if the job may read their targets. Hidden files are left out and counted. For models of images, files with the extension of another format (notes.txt) are left out and counted, too.',
  ),
  include: GLOBS.optional().describe(
    'Globs on paths relative to the folder. A file must match one of them. `*.jpg` matches in the top folder only, `**/*.jpg` at any depth. Cannot be combined with a glob in `path`. A pattern that names an extension (`*.txt`) includes those files, whatever they are.',
  ),
  exclude: GLOBS.optional().describe(
    'Globs on paths relative to the folder. A file must match none of them.',
  ),
  ignore_case: IGNORE_CASE,
});

export const URL_ROW = z
  .string()
  .min(1, 'a URL is needed')
  .max(MAX_URL_CHARS, `at most ${MAX_URL_CHARS} characters; send bytes (data:) as inline rows`);

export const URLS_INPUT = z.strictObject({
  type: z.literal('urls'),
  urls: z
    .array(URL_ROW)
    .min(1, 'at least one URL')
    .describe(
      'http, https, s3 and az URLs. Each is a row with the URL as its id. A bad URL fails its row, not the job.',
    ),
});

export const INLINE_ROW = z
  .object({
    id: z
      .string()
      .min(1, 'an id is needed')
      .max(MAX_ID_CHARS)
      .optional()
      .describe(
        'Your name for the row. The result has the same id. A record without an id gets its position in the list, from 0.',
      ),
    data: z
      .string()
      .optional()
      .describe(
        'The bytes of a file, such as an image, in base64. Such a row needs an id and has no other fields.',
      ),
  })
  .catchall(z.unknown())
  .superRefine((row, context) => {
    const others = Object.keys(row).filter((name) => name !== 'id' && name !== 'data');
    if (row.data === undefined) {
      if (others.length === 0) context.addIssue({ code: 'custom', path: ['data'], message: NEITHER });
      return;
    }
    if (row.id === undefined) context.addIssue({ code: 'custom', path: ['id'], message: 'an id is needed' });
    // Zod fails with a RangeError if there are very many issues.
    for (const name of others.slice(0, MAX_ISSUES + 1))
      context.addIssue({ code: 'custom', path: [name], message: BOTH });
  })
  .meta({
    description:
      'The bytes of a file (`data`), or a record. The fields of a record feed the model: `text`, names of columns or tensors, or `image` with an http, https, s3 or az URL.',
  });

export const INLINE_INPUT = z.strictObject({
  type: z.literal('inline'),
  rows: z
    .array(INLINE_ROW)
    .min(1, 'at least one row')
    .describe('The rows themselves. For more than 16 MB use a manifest, or a JSONL file of records.'),
});

const COLUMN_NAME = z.string().min(1).max(1024);

const CSV_DELIMITER = z
  .string()
  .regex(DELIMITER, 'must be one character of ASCII that is no letter, digit, quote or line break')
  .optional()
  .describe(
    'Of a CSV file. Default: a tab for `.tsv`, else the one that the header uses most: `,`, `;`, tab or `|`.',
  );

export const MANIFEST_INPUT = z.strictObject({
  type: z.literal('manifest'),
  path: PATH.describe(
    'A text file (UTF-8) with one path, URL or JSON object {"id","uri"} per line. Or a CSV file with a column `uri`, or a manifest of SageMaker (`[{"prefix": ...}, ...]`, or JSON lines with `source-ref`). Absolute, relative to the first input root, or an s3, az, http or https URL. It may be compressed with gzip or zstd. Relative paths in the file start at the folder of the file.',
  ),
  columns: z
    .strictObject({ uri: COLUMN_NAME, id: COLUMN_NAME.optional() })
    .optional()
    .describe(
      'The file is a CSV file: which column has the path or URL of a row, and which one its id, such as `{"uri":"link","id":"key"}`. By default, a file named `.csv` or `.tsv` is one if it has a column `uri`.',
    ),
  delimiter: CSV_DELIMITER,
});

/** What the path of a table may be. */
const SEVERAL = 'A folder, a prefix or a glob of such files is one table, in the order of their names.';

const ANY_CASE_TABLES = IGNORE_CASE.describe(
  'Whether a glob in `path` ignores letter case, so that `*.csv` matches `A.CSV`, too. Default: false.',
);

const TABLE_COLUMNS = COLUMNS.optional().describe(
  'Which column feeds which field of a row, such as `{"text":"review","id":"key"}`. Columns that are not named here keep their names.',
);

export const JSONL_INPUT = z.strictObject({
  type: z.literal('jsonl'),
  path: PATH.describe(
    `A text file (UTF-8) with one JSON object per line: a record. ${SEVERAL} Absolute, relative to the first input root, or an s3, az, http or https URL. It may be compressed with gzip or zstd. \`id\` names the row. The other fields feed the model: \`text\`, names of columns or tensors, or \`image\` with a path or URL. Relative paths in the file start at the folder of the file.`,
  ),
  columns: TABLE_COLUMNS,
  ignore_case: ANY_CASE_TABLES,
});

export const CSV_INPUT = z.strictObject({
  type: z.literal('csv'),
  path: PATH.describe(
    `A text file (UTF-8) whose first line names the columns. ${SEVERAL} Absolute, relative to the first input root, or an s3, az, http or https URL. A column \`id\` names the rows. Other columns feed the fields of their names, unless \`columns\` says otherwise. Relative paths in the file start at the folder of the file.`,
  ),
  columns: TABLE_COLUMNS,
  ignore_case: ANY_CASE_TABLES,
  delimiter: CSV_DELIMITER,
});

export const ARCHIVE_INPUT = z.strictObject({
  type: z.literal('archive'),
  path: PATH.describe(
    'A tar or a zip, or several of them: `shard-{000..099}.tar`, or a glob. Absolute, relative to the first input root, or an s3, az, http or https URL. Each file in it is a row, by the rules for folders. Or files with the same name before the first dot are one row (WebDataset), see `group`.',
  ),
  include: GLOBS.optional().describe('Globs on names in the archive. A file must match one of them.'),
  exclude: GLOBS.optional().describe('Globs on names in the archive. A file must match none of them.'),
  ignore_case: IGNORE_CASE.describe(
    'Whether `include`, `exclude` and a glob in `path` ignore letter case. Default: false.',
  ),
  group: z
    .boolean()
    .optional()
    .describe(
      'Whether files with the same name before the first dot are one row. By default they are if `columns` are given, or if two of the first 100 files of a tar share a name.',
    ),
  columns: COLUMNS.optional().describe(
    'Which member of a group feeds which field of a row, by its extension, such as `{"image":"seg.png"}`. A field of a JSON member works, too.',
  ),
});

export const PARQUET_INPUT = z.strictObject({
  type: z.literal('parquet'),
  path: PATH.describe(
    `A Parquet file. ${SEVERAL} Absolute, relative to the first input root, or an s3, az, http or https URL. Each row is a record, and only the columns that the model needs are read. A column \`id\` names the rows. An image or a sound is a column of bytes, of paths or URLs, or a struct \`{bytes, path}\`. Relative paths start at the folder of the file.`,
  ),
  columns: TABLE_COLUMNS,
  ignore_case: ANY_CASE_TABLES,
});

export const JOB_INPUT = z.discriminatedUnion('type', [
  FILES_INPUT,
  URLS_INPUT,
  INLINE_INPUT,
  MANIFEST_INPUT,
  JSONL_INPUT,
  CSV_INPUT,
  ARCHIVE_INPUT,
  PARQUET_INPUT,
]);
export type JobInput = z.infer<typeof JOB_INPUT>;

/** The input after parsing. Rows that came with the request are packed. */
export type PackedInput =
  | Exclude<JobInput, { type: 'urls' | 'inline' }>
  | { readonly type: 'urls'; readonly packed: PackedUrls }
  | { readonly type: 'inline'; readonly packed: PackedInline };
