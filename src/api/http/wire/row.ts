/** Rows of results and errors: the lines of a job's parts. */
import { z } from 'zod';
import { RESULT_SHAPE } from '../../../shared/tasks/result-shape.ts';
import { FAILURE } from './scalars.ts';

const INDEX = z.int().min(0).meta({ description: 'Position of the row in the dataset, from 0.' });
const ROW_ID = z.string().meta({
  description: "The row's name. For files, the path relative to the input's root.",
  examples: ['cats/0001.jpg'],
});

export const RESULT_ROW = z
  .looseObject({
    index: INDEX,
    id: ROW_ID,
    ...RESULT_SHAPE,
  })
  .meta({
    id: 'ResultRow',
    description:
      "A row that succeeded: one line of results. The model's task decides which fields it has. Columns of the input (`join`) follow as further fields. With `select`, there is a field per chosen column.",
    examples: [
      { index: 0, id: 'cats/0001.jpg', predictions: [{ index: 281, label: 'tabby', score: 0.8125 }] },
    ],
  });

export const ERROR_ROW = z.object({ index: INDEX, id: ROW_ID, error: FAILURE }).meta({
  id: 'ErrorRow',
  description: 'A row that failed: one line of errors.',
  examples: [
    {
      index: 7,
      id: 'cats/0008.jpg',
      error: { code: 'decode_failed', message: 'VipsJpeg: premature end of JPEG image' },
    },
  ],
});

export type ResultRow = z.infer<typeof RESULT_ROW>;
export type ErrorRow = z.infer<typeof ERROR_ROW>;

const FROM_ROW = z.coerce
  .number()
  .int()
  .min(0)
  .default(0)
  .meta({ description: 'Start at the row with this index.' });
const FOLLOW = z
  .enum(['true', 'false'])
  .default('false')
  .meta({ description: '`true` keeps the response open until the job ends.' });

export const ERRORS_QUERY = z.strictObject({ from_row: FROM_ROW, follow: FOLLOW });
export const RESULTS_QUERY = z.strictObject({
  include: z
    .literal('errors')
    .optional()
    .meta({ description: '`errors` also returns the rows that failed, in row order.' }),
  from_row: FROM_ROW,
  follow: FOLLOW,
});
