/**
 * Names that a pattern with braces lists, such as `shard-{000..999}.tar` or `{train,val}.zip`. Shells have the same
 * notation.
 */

export interface BracePattern {
  readonly count: number;
  /** The name at a position. The last brace counts fastest. */
  at(position: number): string;
}

/** A text: what is wrong with the pattern. Null: it has no braces. */
export function readBraces(pattern: string): BracePattern | string | null {
  if (!/[{}]/.test(pattern)) return null;
  // Texts and lists of choices take turns.
  const parts = pattern.split(/\{([^{}]*)\}/);
  if (parts.some((part, i) => i % 2 === 0 && /[{}]/.test(part)))
    return 'its braces do not match, or are nested';
  const choices: Choices[] = [];
  for (const [i, part] of parts.entries()) {
    const found = i % 2 === 0 ? { count: 1, at: () => part } : choicesOf(part);
    if (typeof found === 'string') return found;
    choices.push(found);
  }
  const count = choices.reduce((all, choice) => all * choice.count, 1);
  return {
    count,
    at(position) {
      let rest = position;
      const texts = choices.toReversed().map((choice) => {
        const text = choice.at(rest % choice.count);
        rest = Math.floor(rest / choice.count);
        return text;
      });
      return texts.reverse().join('');
    },
  };
}

type Choices = BracePattern;

function choicesOf(inner: string): Choices | string {
  const [, first, last, stepText] = /^(\d+)\.\.(\d+)(?:\.\.(\d+))?$/.exec(inner) ?? [];
  if (first === undefined || last === undefined) {
    const names = inner.split(',');
    return names.length > 1 ? { count: names.length, at: (i) => names[i]! } : `{${inner}} lists nothing`;
  }
  const [from, to, step] = [Number(first), Number(last), Number(stepText ?? 1)];
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || !Number.isSafeInteger(step) || step === 0)
    return `{${inner}} is not a range of numbers`;
  if (to < from) return `{${inner}} counts down`;
  const width = /^0\d/.test(first) || /^0\d/.test(last) ? Math.max(first.length, last.length) : 0;
  return {
    count: Math.floor((to - from) / step) + 1,
    at: (i) => String(from + i * step).padStart(width, '0'),
  };
}
