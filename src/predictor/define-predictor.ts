/** Gives a predictor its types. */
import type { z } from 'zod';
import type { Answer, PredictorContext, PredictorRow, RowFailure } from './predictor-context.ts';

export interface Predictor<
  Options extends z.ZodType = z.ZodType<Readonly<Record<string, unknown>>>,
  Result extends z.ZodType = z.ZodType<Answer>,
  State = unknown,
> {
  /** Checks `options` of model.json and fills in defaults. */
  readonly options?: Options;
  /** Checks each answer. A row whose answer does not fit fails. */
  readonly result?: Result;
  /** Called once per lane, before the first rows. If it throws, the model fails to load. `ctx.state` is what it returns. */
  load?(ctx: Omit<PredictorContext<z.output<Options>>, 'state'>): State | Promise<State>;
  /**
   * Returns one answer or one error per row, in order. If it throws, it is called again for each row alone, so that a
   * bad row fails alone.
   */
  predict(
    rows: readonly PredictorRow[],
    ctx: PredictorContext<z.output<Options>, State>,
  ): readonly (z.input<Result> | RowFailure)[] | Promise<readonly (z.input<Result> | RowFailure)[]>;
  /** Called when the model leaves the lane. */
  unload?(ctx: PredictorContext<z.output<Options>, State>): void | Promise<void>;
}

/** Returns what it gets. The default export of `predictor.js` is what it returns. */
export function definePredictor<
  Options extends z.ZodType = z.ZodType<Readonly<Record<string, unknown>>>,
  Result extends z.ZodType = z.ZodType<Answer>,
  State = unknown,
>(predictor: Predictor<Options, Result, State>): Predictor<Options, Result, State> {
  return predictor;
}
