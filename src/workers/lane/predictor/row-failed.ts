/** Carries the error of a row through code of users, which may catch it. If it does not, the row has this error. */
import type { RowError } from '../../../shared/domain/row.ts';

export class RowFailed extends Error {
  readonly failure: RowError;

  constructor(failure: RowError) {
    super(failure.message);
    this.name = 'RowFailed';
    this.failure = failure;
  }
}
