/** The columns of a tabular model: which field of a record feeds which input of the graph. */
import { z } from 'zod';

const MAX_COLUMNS = 65_536;
const NAME = z.string().min(1).max(1024);

/**
 * `error`: the row fails. The other rules replace the value: `zero` by 0, `mean` by the column's `mean`, and `nan` by NaN,
 * for graphs that fill in missing values themselves.
 */
const MISSING_RULE = z.enum(['error', 'zero', 'mean', 'nan']);

const COLUMN = z
  .strictObject({
    /** Names the column in messages. Also the record's field unless `from` names it, and the graph's input unless `input` does. */
    name: NAME,
    /** The record's field, if it has another name. */
    from: NAME.optional(),
    /** The graph's input, if it has another name. Not needed if the graph has only one. */
    input: NAME.optional(),
    /** What to do if the record has no such field, or null. */
    missing: MISSING_RULE.default('error'),
    /** The number for missing values. Only with the rule "mean". */
    mean: z.number().optional(),
  })
  .check(({ value, issues }) => {
    if ((value.missing === 'mean') === (value.mean !== undefined)) return;
    issues.push({
      code: 'custom',
      input: value,
      path: ['mean'],
      message:
        value.mean === undefined
          ? 'is missing: the rule "mean" needs the column\'s mean'
          : `has no use with the rule "${value.missing}": set "missing": "mean", or leave it out`,
    });
  });

export type Column = z.infer<typeof COLUMN>;

/** In the order of the graph's features. A column may be written as its name alone. */
export const COLUMNS = z
  .array(
    z.preprocess((column) => (typeof column === 'string' ? { name: column } : column), COLUMN),
    'expected a list of columns',
  )
  .min(1, 'a tabular model has at least one column')
  .max(MAX_COLUMNS)
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [at, { name }] of value.entries()) {
      if (seen.has(name)) {
        const message = `there are two columns "${name}": rename one of them, and name its field of the record with "from"`;
        issues.push({ code: 'custom', input: value, path: [at, 'name'], message });
      }
      seen.add(name);
    }
  });
