/** Where a job writes its results, and in which format. */
import { z } from 'zod';
import { PART_FORMATS } from '../../../shared/domain/job/part-format.ts';

export const OUTPUT_FOLDER = z.string().min(1).max(4096).meta({
  description:
    'Folder or `s3://bucket/prefix` for the results, under an output root. Default: results/<job id> in the data folder.',
});

export const PART_FORMAT = z.enum(PART_FORMATS);

const OUTPUT_PLACE = z
  .strictObject({
    path: OUTPUT_FOLDER.optional(),
    format: PART_FORMAT.optional().meta({
      description:
        'Format of the parts. Default: jsonl, or that of the output that a job resumes. Errors are always JSONL.',
    }),
  })
  .meta({ id: 'OutputPlace', examples: [{ path: '/data/results/digits', format: 'parquet' }] });

/** A path alone is the older form. */
export const OUTPUT = z.union([OUTPUT_FOLDER, OUTPUT_PLACE]).meta({
  description: 'A folder for the results, or a folder and the format of the parts.',
});
