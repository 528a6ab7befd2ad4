/** The objects that a detector has found in an image: read from its answer, and written again with more about each. */
import { DETECTIONS_FIELD } from '../../../shared/tasks/pipeline/chain-config.ts';
import type { Region, Size } from '../image/resample/pillow-resampler.ts';
import { rawMembers } from '../../../shared/sinks/table/raw-members.ts';
import { withField } from './combine.ts';

export interface FoundObject {
  readonly index?: number;
  readonly label?: string;
  readonly score?: number;
  /** Left, top, width and height in pixels of the image. */
  readonly box: readonly [number, number, number, number];
  /** The detector's own JSON of the object, without braces. */
  readonly own: string;
  /** The answers of models to its crop, by step, as JSON without braces. */
  readonly answers: Map<number, string>;
}

/** `result`: see RowOutcome. Throws an Error that says what is wrong with the answer, which code may have made. */
export function objectsIn(result: string): FoundObject[] {
  const found = (JSON.parse(`{${result}}`) as Readonly<Record<string, unknown>>)[DETECTIONS_FIELD] ?? [];
  if (!Array.isArray(found)) throw new Error(`${DETECTIONS_FIELD} is not a list`);
  return found.map((one: unknown, at) => {
    const why = whyNoObject(one);
    if (why !== null) throw new Error(`${DETECTIONS_FIELD}.${at}${why}`);
    const own = JSON.stringify(one).slice(1, -1);
    return { ...(one as Pick<FoundObject, 'box'>), own, answers: new Map<number, string>() };
  });
}

function whyNoObject(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ' is no object';
  const { box, label, score, index } = value as Readonly<Record<string, unknown>>;
  const isBox =
    Array.isArray(box) &&
    box.length === 4 &&
    box.every((side) => typeof side === 'number' && Number.isFinite(side));
  if (!isBox) return '.box is no list of four numbers: left, top, width and height';
  if (label !== undefined && typeof label !== 'string') return '.label is not a text';
  if (index !== undefined && typeof index !== 'number') return '.index is not a number';
  return score !== undefined && typeof score !== 'number' ? '.score is not a number' : null;
}

/** `result`: the detector's answer. `places`: for each step with answers, the field that they get, or null for none. */
export function withAnswers(
  result: string,
  objects: readonly FoundObject[],
  places: ReadonlyMap<number, string | null>,
): string {
  if (places.size === 0) return result;
  const texts = objects.map(({ own, answers }) => {
    const parts = [own];
    for (const [step, field] of places) {
      const answer = answers.get(step);
      if (answer !== undefined) parts.push(inField(answer, field));
    }
    return `{${joined(parts)}}`;
  });
  return withField(result, DETECTIONS_FIELD, `[${texts.join(',')}]`);
}

/**
 * Members of one object. The objects of code may have fields that no schema declares, and an answer may have a field of
 * the same name. Then the answer counts.
 */
function joined(parts: readonly string[]): string {
  if (parts.length === 1) return parts[0]!;
  const members = new Map(parts.flatMap((part) => [...rawMembers(part)]));
  return [...members].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
}

/** An answer under a field of its own, if it has one. */
export function inField(answer: string, field: string | null): string {
  return field === null ? answer : `${JSON.stringify(field)}:{${answer}}`;
}

/** The pixels that the box touches, at least one. Boxes of code may lie outside of the image. */
export function cropOf([left, top, width, height]: FoundObject['box'], image: Size): Region {
  const x = span(left, width, image.width);
  const y = span(top, height, image.height);
  return { left: x.from, top: y.from, width: x.length, height: y.length };
}

function span(from: number, length: number, most: number): { from: number; length: number } {
  const first = Math.min(most - 1, Math.max(0, Math.floor(from)));
  const end = Math.min(most, Math.max(first + 1, Math.ceil(from + length)));
  return { from: first, length: end - first };
}
