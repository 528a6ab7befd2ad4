/** Limits of a lane that only loads models. */
import type { RowLimits } from '../../shared/files/row-limits.ts';

/** No row passes these limits. */
export const NO_ROWS: RowLimits = {
  inputRoots: [],
  maxFileBytes: 1,
  maxHeldBytes: 1,
  maxPixels: 1,
  maxImageRatio: 1,
  maxDecodeBytes: 1,
  decodeBudgetBytes: 1,
};
