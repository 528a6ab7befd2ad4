/** Turns the text or the pair of a row into its tokens: bounded, cut to the model's limit, with special tokens. */
import type { TextConfig } from '../../../shared/tasks/text/text-config.ts';
import { partsToTry, type TextPart } from './limited-text.ts';
import type { RowText } from './row-text.ts';
import { specialCount, type Template, type TemplatePart } from './special-tokens.ts';
import type { TokenRows } from './batch/token-rows.ts';
import type { EncodedText, TextTokenizer, TokenOffsets } from './tokenizer/text-tokenizer.ts';
import { keptOfPair, keptRange } from './truncation.ts';

export interface RowEncoder {
  /** Adds the row's tokens. Throws or rejects with an Error if the tokenizer fails. */
  encode(tokens: TokenRows, at: number, row: RowText): TextOffsets | null | Promise<TextOffsets | null>;
}

/** Where the tokens of a row are in its text, if offsets were asked for. */
export interface TextOffsets extends TokenOffsets {
  readonly text: string;
  /** The position of the first of these tokens in the row, after special tokens. */
  readonly first: number;
}

/** A part must have this many tokens more than the model takes. Its last tokens may be those of a cut word. */
const SPARE_TOKENS = 8;

export function createRowEncoder(
  tokenizer: TextTokenizer,
  template: Template,
  { max_length, truncation_side: side }: Pick<TextConfig, 'max_length' | 'truncation_side'>,
): RowEncoder {
  const roomOf = (parts: readonly TemplatePart[]) => max_length - specialCount(parts);

  function encodeText(text: string, room: number): LimitedText | Promise<LimitedText> {
    const parts = partsToTry(text, room, side);
    const attempt = (number: number): LimitedText | Promise<LimitedText> => {
      const part = parts[number]!;
      return next(tokenizer.encode(wellFormed(part.text)), (encoded) =>
        number === parts.length - 1 || encoded.ids.length >= room + SPARE_TOKENS
          ? { ...part, encoded }
          : attempt(number + 1),
      );
    };
    return attempt(0);
  }

  function encode(tokens: TokenRows, at: number, { text, pair }: RowText) {
    const parts = pair === null ? template.single : template.pair;
    const room = roomOf(parts);
    return next(encodeText(text, room), (first) =>
      next(pair === null ? null : encodeText(pair, room), (second) => {
        const kept = add(tokens, at, parts, room, [first, second]);
        return first.encoded.offsets === null ? null : offsetsInRow(text, first, first.encoded.offsets, kept);
      }),
    );
  }

  /** Adds the tokens that fit. Returns which tokens of the first text remain. */
  function add(
    tokens: TokenRows,
    at: number,
    parts: readonly TemplatePart[],
    room: number,
    [first, second]: readonly [LimitedText, LimitedText | null],
  ): Kept {
    const counts = [first.encoded.ids.length, second?.encoded.ids.length ?? 0] as const;
    const kept = keptOfPair(...counts, room);
    const ranges = counts.map((count, i) => keptRange(count, kept[i]!, side));
    let position = 0;
    let firstAt = 0;
    tokens.begin(at);
    for (const part of parts) {
      if ('id' in part) {
        tokens.push(part.id, part.type);
        position += 1;
        continue;
      }
      if (part.text === 0) firstAt = position;
      const ids = (part.text === 0 ? first : second)?.encoded.ids ?? [];
      const { from, to } = ranges[part.text]!;
      for (let i = from; i < to; i++) tokens.push(ids[i]!, part.type);
      position += to - from;
    }
    tokens.end();
    return { ...ranges[0]!, first: firstAt };
  }

  return { encode };
}

interface LimitedText extends TextPart {
  readonly encoded: EncodedText;
}

interface Kept {
  readonly from: number;
  readonly to: number;
  readonly first: number;
}

function offsetsInRow(
  text: string,
  part: LimitedText,
  offsets: TokenOffsets,
  { from, to, first }: Kept,
): TextOffsets {
  const moved = (units: readonly number[]) => units.slice(from, to).map((unit) => unit + part.from);
  return {
    text,
    first,
    starts: moved(offsets.starts),
    ends: moved(offsets.ends),
    continues: offsets.continues.slice(from, to),
  };
}

/**
 * Half of a surrogate pair cannot be encoded in UTF-8. A replacement character takes its place, as it does in Python
 * and Rust.
 */
function wellFormed(text: string): string {
  return HALF.test(text) ? text.replaceAll(HALVES, '\ufffd') : text;
}

const HALF = /\p{Surrogate}/u;
const HALVES = /\p{Surrogate}/gu;

/** Calls `then` at once if `value` is no promise. A promise for each row would cost more than most tokenizers. */
function next<T, R>(value: T | Promise<T>, then: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(then) : then(value);
}
