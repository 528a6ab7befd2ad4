/** Carries a row's error through user code. Unless that code catches it, the row fails with this error. */
import type { RowError } from '../../../shared/domain/row.ts';

export class RowFailed extends Error {
  readonly failure: RowError;

  constructor(failure: RowError) {
    super(failure.message);
    this.name = 'RowFailed';
    this.failure = failure;
  }
}
