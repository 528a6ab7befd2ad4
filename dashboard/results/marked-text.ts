/** The text of a row, cut where a model has labelled it. */
import type { ErrorRow, ResultRow } from '../../src/api/http/wire/row.ts';
import { failureOf } from './marks.ts';

export interface Piece {
  readonly text: string;
  /** Absent between the entities. */
  readonly label?: string;
}

interface Entity {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** `input` is the row's record as JSON, or its text. A record without entities is one piece, with a line per field. */
export function markedText(input: string, row: ResultRow | ErrorRow): Piece[] {
  const record = parsed(input);
  const entities = entitiesOf(row);
  const text = textWith(entities, record ?? input);
  if (text !== null) return cut(text, entities);
  return [{ text: record === null ? input : JSON.stringify(record, null, 2) }];
}

/** The field that has the most entities at their places. The result does not say from which field they are. */
function textWith(entities: readonly Entity[], record: unknown): string | null {
  const fields = typeof record === 'object' && record !== null ? Object.values(record) : [record];
  let best: string | null = null;
  let most = 0;
  for (const field of fields) {
    if (typeof field !== 'string') continue;
    const hits = entities.filter(({ start, end, text }) => end > start && field.slice(start, end) === text);
    if (hits.length > most) [best, most] = [field, hits.length];
  }
  return best;
}

function cut(text: string, entities: readonly Entity[]): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { label, start, end } of entities.toSorted((a, b) => a.start - b.start)) {
    // What overlaps the entity before it cannot be shown in one line.
    if (start < at || end <= start || end > text.length) continue;
    if (start > at) pieces.push({ text: text.slice(at, start) });
    pieces.push({ text: text.slice(start, end), label });
    at = end;
  }
  if (at < text.length) pieces.push({ text: text.slice(at) });
  return pieces;
}

function entitiesOf(row: ResultRow | ErrorRow): Entity[] {
  const found: unknown = failureOf(row) === null ? (row as ResultRow).entities : null;
  return Array.isArray(found) ? found.filter(isEntity) : [];
}

function isEntity(value: unknown): value is Entity {
  if (typeof value !== 'object' || value === null) return false;
  const { label, start, end, text } = value as Record<string, unknown>;
  return (
    typeof label === 'string' &&
    typeof text === 'string' &&
    Number.isInteger(start) &&
    Number.isInteger(end) &&
    (start as number) >= 0
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
