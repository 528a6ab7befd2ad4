/**
 * The options of a job, each declared once. The schemas of requests and stored jobs, the OpenAPI document, the client's
 * types and the flags of the command line all follow from this table. It is plain data, because a schema library takes
 * longer to load than most commands take to run.
 */
import { DECODE_MODES } from '../model/decode-mode.ts';

/** A whole number. */
interface Count {
  readonly type: 'count';
  readonly min: number;
  readonly max: number;
}

interface OneOf<Name extends string> {
  readonly type: 'one_of';
  readonly names: readonly Name[];
}

/** A count of failed rows, or their share of the finished rows. */
interface ErrorLimit {
  readonly type: 'error_limit';
}

export interface JobOption {
  readonly value: Count | OneOf<string> | ErrorLimit;
  /** Whether `auto` is allowed. It means the same as leaving the option out. */
  readonly auto?: true;
  /**
   * The value if a request leaves the option out. `null`: the job decides while it runs, or there is no limit. `settled`:
   * submitting settles it, from the model or an earlier job.
   */
  readonly otherwise: number | null | 'settled';
  /** A job.json of an earlier version may lack it, which means null. */
  readonly addedLater?: true;
  /** What it sets: a phrase in lower case. */
  readonly about: string;
  /** Further sentences of the API's description. */
  readonly more?: string;
  /** The default in words. */
  readonly default: string;
  /** The placeholder of its value on the command line. */
  readonly placeholder: string;
}

const count = (min: number, max: number) => ({ type: 'count', min, max }) as const;

/**
 * The digest of a request covers its options in this order (see RequestWithDefaults), so the order must not change. A new
 * option changes every digest once. A request repeated after that upgrade then counts as a different one.
 */
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
    value: count(1, 10_000),
    auto: true,
    otherwise: 'settled',
    about: 'rows per block, the unit of queueing, retry and commit',
    default: 'about four batches, 1,024 for small images',
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
  top_k: {
    value: count(1, 1000),
    otherwise: 'settled',
    about: 'answers per row',
    default: "the model's own",
    placeholder: 'n',
  },
  decode: {
    value: { type: 'one_of', names: DECODE_MODES },
    otherwise: null,
    addedLater: true,
    about:
      'how JPEGs are decoded: exact as Pillow, fast with a few values slightly off, shrink for large ones',
    more: 'With `shrink`, images much larger than needed are decoded at a smaller size.',
    default: "the model's own",
    placeholder: 'mode',
  },
  limit: {
    value: count(1, Number.MAX_SAFE_INTEGER),
    otherwise: null,
    about: 'only the first rows, for a first try',
    default: 'all rows',
    placeholder: 'rows',
  },
} as const satisfies Readonly<Record<string, JobOption>>;

type Table = typeof JOB_OPTION_TABLE;
export type JobOptionName = keyof Table;

/** A count, or a share such as `1%`. */
export type MaxErrors = number | string;

type ValueOf<Name extends JobOptionName> =
  Table[Name]['value'] extends OneOf<infer Choice>
    ? Choice
    : Table[Name]['value'] extends ErrorLimit
      ? MaxErrors
      : number;

/** What a request may give. */
export type RequestedValue<Name extends JobOptionName> =
  | ValueOf<Name>
  | (Table[Name] extends { readonly auto: true } ? 'auto' : never);

/** The options of a request with its defaults filled in. Null: left open. */
export type AskedValue<Name extends JobOptionName> =
  | ValueOf<Name>
  | (Table[Name]['otherwise'] extends number ? never : null);

/** What a job runs with. Null: automatic or unlimited. */
export type SettledValue<Name extends JobOptionName> =
  | ValueOf<Name>
  | (Table[Name]['otherwise'] extends null ? null : never);

export type RequestedOptions = { readonly [Name in JobOptionName]?: RequestedValue<Name> | undefined };
export type AskedOptions = { readonly [Name in JobOptionName]: AskedValue<Name> };

export const JOB_OPTION_NAMES = Object.keys(JOB_OPTION_TABLE) as readonly JobOptionName[];

export function jobOption(name: JobOptionName): JobOption {
  return JOB_OPTION_TABLE[name];
}

/** A request's options with the defaults filled in, in the order of the table. */
export function withDefaultOptions(requested: RequestedOptions): AskedOptions {
  return Object.fromEntries(
    JOB_OPTION_NAMES.map((name) => {
      const value = requested[name];
      if (value !== undefined && value !== 'auto') return [name, value];
      const { otherwise } = jobOption(name);
      return [name, otherwise === 'settled' ? null : otherwise];
    }),
  ) as AskedOptions;
}

/** A share of the rows, `0%` to `100%`. */
export const ERROR_SHARE = /^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/;
