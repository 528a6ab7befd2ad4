/** Gives hooks their types. */
import type { z } from 'zod';
import type { Answer, PredictorContext, PredictorRow, RowFailure } from './predictor-context.ts';

export type HookContext<Options = Readonly<Record<string, unknown>>> = Omit<
  PredictorContext<Options>,
  'state'
>;

/** A row for the graph. Images may be given as pixels. */
export interface ChangedRow extends PredictorRow {
  readonly pixels?: RowPixels;
}

/** An image: RGB of 8 bits, line by line. */
export interface RowPixels {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** The answer of the graph's task: the fields of its result row. */
export type TaskAnswer = Readonly<Record<string, unknown>>;

type Many<T> = readonly T[] | Promise<readonly T[]>;

export interface Hooks<
  Options extends z.ZodType = z.ZodType<Readonly<Record<string, unknown>>>,
  Result extends z.ZodType = z.ZodType<Answer>,
> {
  /** Checks `hooks.options` of model.json and fills in defaults. */
  readonly options?: Options;
  /** Checks each answer of `after`. A row whose answer does not fit fails. */
  readonly result?: Result;
  /**
   * Gets rows before the graph does. Returns one row or one error per row, in order. If it throws, it is called again
   * for each row alone, so that a bad row fails alone.
   */
  before?(rows: readonly PredictorRow[], ctx: HookContext<z.output<Options>>): Many<ChangedRow | RowFailure>;
  /**
   * Gets the answers of the graph's task, and their rows. Returns one answer or one error per row, in order. If it
   * throws, it is called again as `before` is.
   */
  after?(
    results: readonly TaskAnswer[],
    rows: readonly PredictorRow[],
    ctx: HookContext<z.output<Options>>,
  ): Many<z.input<Result> | RowFailure>;
}

/** Returns what it gets. The default export of `hooks.js` is what it returns. */
export function defineHooks<
  Options extends z.ZodType = z.ZodType<Readonly<Record<string, unknown>>>,
  Result extends z.ZodType = z.ZodType<Answer>,
>(hooks: Hooks<Options, Result>): Hooks<Options, Result> {
  return hooks;
}
