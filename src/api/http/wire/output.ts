/** Where a job writes its results, and in which format. */
import { z } from 'zod';
import { MAX_FILE_MB, MAX_FILES } from '../../../shared/domain/job/compaction.ts';
import { MAX_JOINED } from '../../../shared/domain/join.ts';
import { PART_FORMATS } from '../../../shared/domain/job/part-format.ts';

export const OUTPUT_FOLDER = z.string().min(1).max(4096).meta({
  description:
    'Folder, `s3://bucket/prefix` or `az://container/prefix` for the results, under an output root. Default: results/<job id> in the data folder.',
});

export const PART_FORMAT = z.enum(PART_FORMATS);

const COLUMN = z.string().min(1, 'a name is needed').max(1024);
const COLUMN_NAMES = z
  .array(COLUMN)
  .min(1, 'at least one column')
  .max(MAX_JOINED, `at most ${MAX_JOINED} columns`)
  .refine((names) => new Set(names).size === names.length, 'names a column twice');

const JOINED_COLUMNS = z
  .union([z.literal(true), COLUMN_NAMES], { error: 'must be true, or a list of columns of the input' })
  .meta({
    description:
      'Columns of the input that the output has, too: all (true), or those that are named. A file that the model reads, such as the bytes of an image, must be named. A column with the name of a result gets `input_` in front. Datasets of files have the column `path`; URLs and manifests have `uri`.',
  });

const SELECTED_COLUMNS = COLUMN_NAMES.meta({
  description:
    'The columns that the output has after `index` and `id`: those of the results, and those of `join`, in this order. Default: all of them.',
});

const FILE_SIZE = z
  .union(
    [
      z.strictObject({ files: z.int().min(1).max(MAX_FILES) }),
      z.strictObject({ file_mb: z.int().min(1).max(MAX_FILE_MB) }),
    ],
    { error: `must be {"files": 1 to ${MAX_FILES}} or {"file_mb": 1 to ${MAX_FILE_MB}}` },
  )
  .meta({
    description:
      'At the end, the parts become this many files, or files of about this size in MB. Until then the output has parts.',
  });

const PARTITION_COLUMN = COLUMN.meta({
  description:
    'At the end, the parts become files in a folder per value of this column, such as `label=cat/`. Texts, whole numbers and booleans can be values. `compact` sets how many rows are partitioned at a time. Default: about 128 MB of rows.',
});

const OUTPUT_PLACE = z
  .strictObject({
    path: OUTPUT_FOLDER.optional(),
    format: PART_FORMAT.optional().meta({
      description:
        'Format of the parts. Default: jsonl, or that of the output that a job resumes. Errors are always JSONL.',
    }),
    join: JOINED_COLUMNS.optional(),
    select: SELECTED_COLUMNS.optional(),
    compact: FILE_SIZE.optional(),
    partition_by: PARTITION_COLUMN.optional(),
  })
  .meta({ id: 'OutputPlace', examples: [{ path: '/data/results/digits', format: 'parquet' }] });

/** A path alone is the older form. */
export const OUTPUT = z.union([OUTPUT_FOLDER, OUTPUT_PLACE]).meta({
  description:
    'The path of the results, or an object with the path, the format of the parts and their columns.',
});
