/** The messages of a lane as its channel carries them. Rows and outcomes are packed, all else travels as it is. */
import type { BatchReply, BatchRequest, FromLane, ToLane } from '../messages.ts';
import { packOutcomes, unpackOutcomes, type PackedOutcomes } from './packed-outcomes.ts';
import { packRows, unpackRows, type PackedRows } from './packed-rows.ts';

export type WireToLane =
  | Exclude<ToLane, BatchRequest>
  | (Omit<BatchRequest, 'rows'> & { readonly rows: PackedRows });

export type WireFromLane =
  | Exclude<FromLane, BatchReply>
  | (Omit<BatchReply, 'outcomes'> & { readonly outcomes: PackedOutcomes });

export function packRequest(message: ToLane): WireToLane {
  return message.type === 'batch' ? { ...message, rows: packRows(message.rows) } : message;
}

export function unpackRequest(message: WireToLane): ToLane {
  return message.type === 'batch' ? { ...message, rows: unpackRows(message.rows) } : message;
}

export function packReply(message: FromLane): WireFromLane {
  return message.type === 'done' ? { ...message, outcomes: packOutcomes(message.outcomes) } : message;
}

export function unpackReply(message: WireFromLane): FromLane {
  return message.type === 'done' ? { ...message, outcomes: unpackOutcomes(message.outcomes) } : message;
}
