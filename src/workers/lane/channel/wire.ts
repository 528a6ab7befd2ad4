/** The messages of a lane as its channel carries them. The rows of a batch are packed, all else travels as it is. */
import { fileBytesIn } from '../lane-rows.ts';
import type { BatchRequest, ToLane } from '../messages.ts';
import { packRows, unpackRows, type PackedRows } from './packed-rows.ts';

export type WireToLane =
  | Exclude<ToLane, BatchRequest>
  | (Omit<BatchRequest, 'rows'> & { readonly rows: PackedRows });

export function packRequest(message: ToLane): WireToLane {
  return message.type === 'batch' ? { ...message, rows: packRows(message.rows) } : message;
}

export function unpackRequest(message: WireToLane): ToLane {
  return message.type === 'batch' ? { ...message, rows: unpackRows(message.rows) } : message;
}

/** A busy lane receives a message of this size within one turn. The usual buffer of a socket has 208 KB. */
const ONE_TURN_BYTES = 128 * 1024;

/** Whether the lane must know of an online batch before it has arrived as a whole. See announced-batch.ts. */
export function mustAnnounce({ deadlines, rows }: Pick<BatchRequest, 'deadlines' | 'rows'>): boolean {
  return deadlines !== undefined && fileBytesIn(rows) > ONE_TURN_BYTES;
}
