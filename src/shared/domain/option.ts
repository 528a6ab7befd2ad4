/**
 * How an option of a job is declared: plain data from which the schemas, the OpenAPI document, the client's types and
 * the flags of the command line follow. Imports no schema library, because loading one takes longer than most commands
 * run.
 */

/** A whole number. */
interface Count {
  readonly type: 'count';
  readonly min: number;
  readonly max: number;
}

/** Any number of a range, ends included. */
interface Fraction {
  readonly type: 'number';
  readonly min: number;
  readonly max: number;
}

interface OneOf<Name extends string> {
  readonly type: 'one_of';
  readonly names: readonly Name[];
}

/** A name that the model's config declares. */
interface Name {
  readonly type: 'name';
}

/** A count of failed rows, or their share of the finished rows. */
interface ErrorLimit {
  readonly type: 'error_limit';
}

export interface OptionDeclaration {
  readonly value: Count | Fraction | OneOf<string> | Name | ErrorLimit;
  /** Whether `auto` is allowed. It means the same as leaving the option out. */
  readonly auto?: true;
  /**
   * The value if a request leaves the option out. `null`: the model or the running job decides, or there is no limit.
   * `settled`: submitting settles it, from the model or an earlier job.
   */
  readonly otherwise: number | null | 'settled';
  /** A job.json of an earlier version may lack it, which means null. */
  readonly addedLater?: true;
  /** What it sets: a phrase in lower case. */
  readonly about: string;
  /** Further sentences of the API's description. */
  readonly more?: string;
  /** A sentence of advice for jobs whose speed decoding limits. */
  readonly ifDecodingIsSlow?: string;
  /** The default in words. */
  readonly default: string;
  /** The placeholder of its value on the command line. */
  readonly placeholder: string;
}

export type OptionTable = Readonly<Record<string, OptionDeclaration>>;

export const count = (min: number, max: number) => ({ type: 'count', min, max }) as const;

export const fraction = (min: number, max: number) => ({ type: 'number', min, max }) as const;

/** Maximum number of characters in a name. */
export const MAX_NAME = 64;

/** A count, or a share such as `1%`. */
export type MaxErrors = number | string;

type ValueOf<Option extends OptionDeclaration> =
  Option['value'] extends OneOf<infer Choice>
    ? Choice
    : Option['value'] extends ErrorLimit
      ? MaxErrors
      : Option['value'] extends Name
        ? string
        : number;

/** What a request may give. */
export type RequestedValue<Option extends OptionDeclaration> =
  | ValueOf<Option>
  | (Option extends { readonly auto: true } ? 'auto' : never);

/** The value of a request with its defaults filled in. Null: left open. */
export type AskedValue<Option extends OptionDeclaration> =
  | ValueOf<Option>
  | (Option['otherwise'] extends number ? never : null);

/** What a job runs with. Null: automatic or unlimited. */
export type SettledValue<Option extends OptionDeclaration> =
  | ValueOf<Option>
  | (Option['otherwise'] extends null ? null : never);

/** The value of an option that a request leaves out. */
export function valueIfOmitted({ otherwise }: OptionDeclaration): number | null {
  return otherwise === 'settled' ? null : otherwise;
}

/** A share of the rows, `0%` to `100%`. */
export const ERROR_SHARE = /^(100(\.0+)?|\d{1,2}(\.\d+)?)%$/;
