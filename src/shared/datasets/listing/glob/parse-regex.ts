/**
 * Parses the source of a regular expression without flags. V8 has accepted it, so syntax errors are not checked. Refuses
 * constructs that cannot be matched in linear time.
 */
import { charSet, CLASSES, complement, NO_LINE_END, type CharSet } from './char-set.ts';

export type Regex =
  | { readonly kind: 'set'; readonly set: CharSet }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  /** `max` may be Infinity. */
  | { readonly kind: 'repeat'; readonly body: Regex; readonly min: number; readonly max: number }
  | { readonly kind: 'start' }
  | { readonly kind: 'end' }
  | { readonly kind: 'lookahead'; readonly body: Regex; readonly negative: boolean };

/** `what` is the construct that cannot be matched in linear time. */
export class UnsupportedRegex extends Error {
  readonly what: string;

  constructor(what: string) {
    super(`A regular expression with ${what} cannot be matched in linear time.`);
    this.what = what;
  }
}

const CONTROL: Readonly<Record<string, number>> = { f: 0x0c, n: 0x0a, r: 0x0d, t: 0x09, v: 0x0b };

/** Throws UnsupportedRegex for a backreference, a lookbehind, a word boundary or a named group. */
export function parseRegex(source: string): Regex {
  return new Reader(source).choice();
}

class Reader {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  choice(): Regex {
    const options = [this.sequence()];
    while (this.take('|')) options.push(this.sequence());
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  private sequence(): Regex {
    const parts: Regex[] = [];
    while (this.at < this.source.length && !this.sees('|') && !this.sees(')'))
      parts.push(this.repeat(this.term()));
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  private term(): Regex {
    const char = this.source[this.at++]!;
    switch (char) {
      case '^':
        return { kind: 'start' };
      case '$':
        return { kind: 'end' };
      case '.':
        return { kind: 'set', set: NO_LINE_END };
      case '(':
        return this.group();
      case '[':
        return { kind: 'set', set: this.bracket() };
      case '\\':
        return { kind: 'set', set: this.escape(false) };
      default:
        return { kind: 'set', set: one(char.charCodeAt(0)) };
    }
  }

  private group(): Regex {
    const look = this.take('?=') ? 'ahead' : this.take('?!') ? 'not ahead' : null;
    if (look === null && !this.take('?:') && this.sees('?')) {
      throw new UnsupportedRegex(this.sees('?<=') || this.sees('?<!') ? 'a lookbehind' : 'a named group');
    }
    const body = this.choice();
    this.at += 1;
    return look === null ? body : { kind: 'lookahead', body, negative: look === 'not ahead' };
  }

  /** Ignores whether a quantifier is lazy. That changes what a group captures, but not whether the text matches. */
  private repeat(body: Regex): Regex {
    const bounds = this.quantifier();
    if (bounds === null) return body;
    this.take('?');
    return { kind: 'repeat', body, ...bounds };
  }

  private quantifier(): { min: number; max: number } | null {
    if (this.take('*')) return { min: 0, max: Infinity };
    if (this.take('+')) return { min: 1, max: Infinity };
    if (this.take('?')) return { min: 0, max: 1 };
    // A brace that is not a quantifier is literal.
    const counted = matchAt(/\{(\d+)(?:(,)(\d*))?\}/y, this.source, this.at);
    if (counted === null) return null;
    this.at += counted[0].length;
    const min = Number(counted[1]);
    if (counted[2] === undefined) return { min, max: min };
    return { min, max: counted[3] === '' ? Infinity : Number(counted[3]) };
  }

  private bracket(): CharSet {
    const negative = this.take('^');
    const pairs: number[] = [];
    while (!this.take(']')) {
      const first = this.bracketAtom();
      // A hyphen beside a class, or at the end, is literal.
      if (this.sees('-') && this.source[this.at + 1] !== ']') {
        this.at += 1;
        const last = this.bracketAtom();
        if (isOne(first) && isOne(last)) pairs.push(first[0]!, last[0]!);
        else pairs.push(...first, 0x2d, 0x2d, ...last);
      } else {
        pairs.push(...first);
      }
    }
    const set = charSet(pairs);
    return negative ? complement(set) : set;
  }

  private bracketAtom(): CharSet {
    const char = this.source[this.at++]!;
    return char === '\\' ? this.escape(true) : one(char.charCodeAt(0));
  }

  /** Continues after a backslash. `bracketed` means between `[` and `]`, where `\b` is a backspace and digits are octal. */
  private escape(bracketed: boolean): CharSet {
    const char = this.source[this.at++]!;
    const named = CLASSES.get(char);
    if (named) return named;
    if (char in CONTROL) return one(CONTROL[char]!);
    if (char === 'b' && bracketed) return one(0x08);
    if (char === 'b' || char === 'B') throw new UnsupportedRegex('a word boundary (\\b, \\B)');
    if (/[1-9]/.test(char) && !bracketed) throw new UnsupportedRegex('a backreference');
    if (/[0-7]/.test(char)) return one(this.octal());
    if (char === 'x') return one(this.hex(2) ?? 0x78);
    if (char === 'u') return one(this.hex(4) ?? 0x75);
    if (char === 'c') return one(this.control(bracketed));
    return one(char.charCodeAt(0));
  }

  /** Reads from the digit that was just taken, as long as the value stays below 0o400. */
  private octal(): number {
    const digits = matchAt(/[0-3][0-7]{0,2}|[4-7][0-7]?/y, this.source, this.at - 1)![0];
    this.at += digits.length - 1;
    return Number.parseInt(digits, 8);
  }

  private hex(length: number): number | null {
    const digits = this.source.slice(this.at, this.at + length);
    if (digits.length < length || !/^[0-9a-f]+$/i.test(digits)) return null;
    this.at += length;
    return Number.parseInt(digits, 16);
  }

  /** `\cA` is a control character. In any other `\c`, the backslash is literal. */
  private control(bracketed: boolean): number {
    const letter = this.source[this.at] ?? '';
    if (!(bracketed ? /^\w$/ : /^[A-Za-z]$/).test(letter)) {
      this.at -= 1;
      return 0x5c;
    }
    this.at += 1;
    return letter.charCodeAt(0) % 32;
  }

  private sees(text: string): boolean {
    return this.source.startsWith(text, this.at);
  }

  private take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.at += text.length;
    return true;
  }
}

function matchAt(sticky: RegExp, text: string, at: number): RegExpExecArray | null {
  sticky.lastIndex = at;
  return sticky.exec(text);
}

function one(code: number): CharSet {
  return [code, code];
}

function isOne(set: CharSet): boolean {
  return set.length === 2 && set[0] === set[1];
}
