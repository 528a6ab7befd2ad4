/**
 * Limits the rows per model call after memory has run out in a call: to half of the rows that failed. The limit doubles
 * again after enough calls have gone well. Pure.
 */
export interface CallSize {
  /** Most rows per call now. */
  readonly rows: number;
  ranOut(rows: number): void;
  wentWell(rows: number): void;
}

/**
 * This many calls of the current size must succeed before a larger one is tried. This number doubles each time that
 * memory runs out again while there is a limit, up to TRY_AFTER_MOST.
 */
const TRY_AFTER = 16;
const TRY_AFTER_MOST = 1024;

export function createCallSize(): CallSize {
  let most = Infinity;
  /**
   * The largest size that ran out of memory. Once the limit exceeds it again, the limit is lifted. 0 while there is no
   * limit.
   */
  let failed = 0;
  let wait = TRY_AFTER;
  let well = 0;

  return {
    get rows() {
      return most;
    },
    ranOut(rows) {
      if (failed > 0) wait = Math.min(TRY_AFTER_MOST, wait * 2);
      failed = Math.max(failed, rows);
      most = Math.max(1, Math.ceil(rows / 2));
      well = 0;
    },
    wentWell(rows) {
      if (most === Infinity || rows < most) return;
      well += 1;
      if (well < wait) return;
      well = 0;
      most *= 2;
      if (most <= failed) return;
      most = Infinity;
      failed = 0;
      wait = TRY_AFTER;
    },
  };
}
