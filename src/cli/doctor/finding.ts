/** One line of `forebay doctor`. */

export interface Finding {
  /** `fail` means that something will not work. */
  readonly level: 'ok' | 'note' | 'fail';
  readonly what: string;
  readonly found: string;
  /** One line that says how to fix it, or why it matters. */
  readonly advice?: string;
}

const MARKS = { ok: 'ok  ', note: 'note', fail: 'FAIL' } as const;

export function findingText({ level, what, found, advice }: Finding): string {
  const line = `${MARKS[level]}  ${what.padEnd(8)} ${found}\n`;
  return advice === undefined ? line : `${line}${' '.repeat(15)}${advice}\n`;
}
