// The Python of this machine's user, for tests that read outputs with other programs.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** It has pandas, pyarrow, Polars and DuckDB. Undefined: such tests are skipped. */
export const python = process.env['FOREBAY_TEST_PYTHON'];

/** Runs Python, and parses the JSON that it prints. */
export async function jsonOfPython(...args: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(python!, args);
  return JSON.parse(stdout);
}
