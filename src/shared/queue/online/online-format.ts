/** The form of online requests and replies in Redis. Both sides may run different versions. */
import { z } from 'zod';
import type { RowError, RowOutcome } from '../../domain/row.ts';
import { OPTION_VALUE } from '../../domain/job/job-option-schemas.ts';
import { HIGHEST_PRIORITY, LOWEST_PRIORITY } from '../../domain/online-priority.ts';
import { TENANT } from '../../domain/tenant.ts';

const HEADER = z.object({
  /**
   * 2: the body has a key of its own, because it is large. 3: it is a file in a body folder. Workers of older versions do
   * not know that.
   */
  v: z.literal([1, 2, 3]),
  /** Rows of the request, which `take-online` reads. Absent: the API is of an older version. */
  rows: z.int().min(1).optional(),
  /** The API process that asks, and to which the reply goes. */
  api: z.string(),
  tenant: TENANT,
  /** `file`: the body is the file of one row. `records`: the body is a JSON list with an object for each row. */
  body: z.enum(['file', 'records']),
  /** Absent: the default. Workers of older versions do not know it. */
  priority: z.int().min(HIGHEST_PRIORITY).max(LOWEST_PRIORITY).optional(),
  /** The task's options. */
  options: z.record(z.string(), OPTION_VALUE),
  /** Where the body is, if it is a file. */
  at: z.object({ folder: z.string(), bytes: z.int() }).optional(),
});

export type OnlineHeader = Omit<z.infer<typeof HEADER>, 'v' | 'at'>;

/** A body that is a file in a body folder. */
export interface BodyFile {
  readonly path: string;
  readonly bytes: number;
}

export interface OnlineQuestion {
  readonly header: OnlineHeader;
  /** A file only if it holds one row. */
  readonly body: Buffer | BodyFile;
}

/**
 * A longer body has a key of its own, because scripts are slow with long texts. A worker then needs one more round
 * trip.
 */
export const LONGEST_INNER_BODY = 16 * 1024;

/**
 * A body that goes straight to a worker is at most this long, because Redis closes the connection of a subscriber that
 * has too much to receive.
 */
export const LONGEST_SENT_BODY = 256 * 1024;

/**
 * `folder`: the id of the body folder that has the body. Null: Redis has it. `rows` come right after `v`, because
 * `take-online` looks for them only there.
 */
export function packHeader(
  { rows, ...header }: OnlineHeader,
  body: Uint8Array,
  folder: string | null,
): string {
  const inRedis = body.length > LONGEST_INNER_BODY ? 2 : 1;
  const packed: z.infer<typeof HEADER> = {
    v: folder === null ? inRedis : 3,
    ...(rows !== undefined && { rows }),
    ...header,
    ...(folder !== null && { at: { folder, bytes: body.length } }),
  };
  return JSON.stringify(packed);
}

/** Of a question as Redis holds it while it waits: see `onlineKeys.request`. */
export function bytesOfQuestion(head: string, body: Uint8Array): number {
  return Buffer.byteLength(head) + body.length + 'w\n'.length;
}

/** Where the file with a body is. */
export interface FileAt {
  readonly folder: string;
  readonly bytes: number;
}

interface PackedQuestion<Body> {
  readonly header: OnlineHeader;
  readonly body: Body;
}

/** A question whose body has come with it, or is a file. */
export type FoundQuestion = PackedQuestion<Buffer | FileAt>;

/**
 * `packed`: the header, a line break and the body. `question`: null if another version of Forebay asks, in a form that
 * this one does not know. Null: not even the process that asks is known. `apart`: the body has a key of its own.
 */
export function unpackQuestion(
  packed: Buffer,
): { readonly api: string; readonly question: FoundQuestion | PackedQuestion<'apart'> | null } | null {
  const end = packed.indexOf(0x0a);
  const header = JSON.parse(packed.toString('utf8', 0, end)) as { api?: unknown };
  if (typeof header.api !== 'string') return null;
  const parsed = HEADER.safeParse(header);
  if (!parsed.success) return { api: header.api, question: null };
  const { v, at, ...rest } = parsed.data;
  const question =
    at === undefined && v !== 1
      ? { header: rest, body: 'apart' as const }
      : { header: rest, body: at ?? packed.subarray(end + 1) };
  return { api: header.api, question };
}

/** An outcome for each row. */
export interface OnlineRows {
  readonly rows: readonly RowOutcome[];
  /** How long lanes worked on the batches of its rows, ms. */
  readonly laneMs: number;
}

/** What became of a request. `refused`: an error of the whole request. */
export type OnlineReply = OnlineRows | { readonly refused: RowError };

/** Who removes an answered request from Redis. Workers of older versions leave it to the API. */
export type Remover = 'worker' | 'api';

/**
 * A line for the request, then one for each row. JSON texts have no line breaks. `offeredBy`: the worker, if the API may
 * hand it the next request of the queue.
 */
export function packReply(id: string, reply: OnlineReply, remover: Remover, offeredBy = ''): string {
  const head = `${id} ${'refused' in reply ? 0 : reply.laneMs.toFixed(3)} ${remover} ${offeredBy}`;
  if ('refused' in reply) return `${head}\n!${JSON.stringify(reply.refused)}`;
  const lines = reply.rows.map((row) => (row.ok ? `+${row.result}` : `-${JSON.stringify(row.error)}`));
  return [head, ...lines].join('\n');
}

export interface ReceivedReply {
  readonly id: string;
  readonly reply: OnlineReply;
  readonly remover: Remover;
  /** Null: no worker offers to take the next request. */
  readonly offeredBy: string | null;
}

export function unpackReply(text: string): ReceivedReply {
  const [head = '', ...lines] = text.split('\n');
  const [id = '', laneMs = '0', by, worker = ''] = head.split(' ');
  const remover = by === 'worker' ? 'worker' : 'api';
  const offeredBy = worker === '' ? null : worker;
  if (lines[0]?.startsWith('!')) return { id, remover, offeredBy, reply: { refused: errorIn(lines[0]) } };
  const rows = lines.map((line): RowOutcome =>
    line.startsWith('+') ? { ok: true, result: line.slice(1) } : { ok: false, error: errorIn(line) },
  );
  return { id, remover, offeredBy, reply: { rows, laneMs: Number(laneMs) } };
}

function errorIn(line: string): RowError {
  return JSON.parse(line.slice(1)) as RowError;
}

/**
 * The id of the worker that takes a request replaces its payload in Redis. A value that is longer than this (bytes) is
 * a payload.
 */
export const LONGEST_NOTE = 300;
