/** The options that every job has, whatever its model does. Those of a task are in shared/tasks/task-options.ts. */
import { count, type OptionDeclaration, type OptionTable, type SettledValue } from '../option.ts';

/** Workers hold the results of a whole block. */
export const MAX_BLOCK_ROWS = 32_768;
/** Redis holds the references of listed rows. */
export const MAX_LISTED_BLOCK_ROWS = 10_000;

export const JOB_OPTION_TABLE = {
  batch_size: {
    value: count(1, 1024),
    auto: true,
    otherwise: null,
    about: 'rows per model call',
    more: 'Larger is faster on GPUs and often slower on CPUs.',
    default: "the model's own",
    placeholder: 'rows',
  },
  block_rows: {
    value: count(1, MAX_BLOCK_ROWS),
    auto: true,
    otherwise: 'settled',
    about: 'rows per block, the unit of queueing, retry and commit',
    default: 'about four batches, 2,048 for small images, 8,192 to 32,768 for rows of tables',
    placeholder: 'rows',
  },
  concurrency: {
    value: count(1, 100_000),
    auto: true,
    otherwise: null,
    about: 'maximum number of blocks of the job queued or running at once, over all workers',
    default: 'auto',
    placeholder: 'blocks',
  },
  max_errors: {
    value: { type: 'error_limit' },
    otherwise: null,
    about: 'failed rows to tolerate: a count, or a share once 100 rows are done',
    more: 'A share such as "1%" refers to the finished rows.',
    default: 'unlimited',
    placeholder: 'n|n%',
  },
  priority: {
    value: count(1, 100),
    otherwise: 50,
    about: 'priority on the queue, from 1 (first) to 100',
    default: '50',
    placeholder: 'n',
  },
  limit: {
    value: count(1, Number.MAX_SAFE_INTEGER),
    otherwise: null,
    about: 'only the first rows, for a first try',
    default: 'all rows',
    placeholder: 'rows',
  },
  row_versions: {
    value: { type: 'one_of', names: ['content', 'none'] },
    otherwise: null,
    addedLater: true,
    about: 'how a later delta job finds out which rows have changed',
    more: '`content`: the output records a hash of each row. `none`: it records nothing.',
    default: 'size and time of files, the ETag of objects, content for texts of tables, none for other rows',
    placeholder: 'content|none',
  },
  cache: {
    value: { type: 'one_of', names: ['on', 'off'] },
    otherwise: null,
    addedLater: true,
    about: 'whether rows with the content of earlier rows get their results from the result cache',
    more: 'A row that the model has answered before, in this job or another one of the tenant, is not computed again.',
    default: 'off',
    placeholder: 'on|off',
  },
} as const satisfies OptionTable;

type Table = typeof JOB_OPTION_TABLE;
export type JobOptionName = keyof Table;

export type SettledJobOptions = { readonly [Name in JobOptionName]: SettledValue<Table[Name]> };

export const JOB_OPTION_NAMES = Object.keys(JOB_OPTION_TABLE) as readonly JobOptionName[];

export function isJobOption(name: string): name is JobOptionName {
  return Object.hasOwn(JOB_OPTION_TABLE, name);
}

export function jobOption(name: JobOptionName): OptionDeclaration {
  return JOB_OPTION_TABLE[name];
}
