/** Whether a row's size is within the limits. */
import { ForebayError } from '../../../shared/errors.ts';

/** Throws ForebayError `empty_file` or `file_too_large`. */
export function checkSize(size: number, { maxFileBytes }: { readonly maxFileBytes: number }): void {
  if (size === 0) throw new ForebayError('empty_file', 'the file is empty: copy it again, or leave it out');
  if (size > maxFileBytes) {
    throw new ForebayError(
      'file_too_large',
      `${size} bytes; the limit is ${maxFileBytes}: raise FOREBAY_MAX_FILE_MB or send it smaller`,
    );
  }
}
