/** Checks an encoded row's size. */
import { ForebayError } from '../errors.ts';

/** Throws ForebayError `empty_file` or `file_too_large`. */
export function checkRowSize(bytes: number, maxFileBytes: number): void {
  if (bytes === 0) throw new ForebayError('empty_file', 'the file is empty: copy it again, or leave it out');
  if (bytes > maxFileBytes) {
    throw new ForebayError(
      'file_too_large',
      `${bytes} bytes; the limit is ${maxFileBytes}: raise FOREBAY_MAX_FILE_MB or send a smaller file`,
    );
  }
}
