/** The limits for records in text files. */

/** A longer record becomes an error row. It is skipped, and never held in memory. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024;

/** The end of a sentence about such a record. */
export const IS_TOO_LONG = `is longer than ${MAX_RECORD_BYTES / 2 ** 20} MB`;

/** Writing a value that nests a few thousand levels deep as JSON exceeds the stack. */
export const MAX_RECORD_DEPTH = 1_000;

/** The end of a sentence about a record, or about JSON in it. */
export const IS_TOO_DEEP = `nests more than ${MAX_RECORD_DEPTH} levels deep`;
