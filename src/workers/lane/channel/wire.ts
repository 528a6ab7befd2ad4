/** The messages of a lane as its channel carries them. The rows of a batch are packed, all else travels as it is. */
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
