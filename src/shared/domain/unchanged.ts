/** The error of a row whose content is the known one, so that it is not computed. Nobody sees it. */
import type { RowError } from './row.ts';

export const UNCHANGED: RowError = { code: 'invalid_row', message: 'unchanged' };
