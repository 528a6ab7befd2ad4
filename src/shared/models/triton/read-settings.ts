/** Batching and lanes from a config.pbtxt. Pure. */
import type { PbMessage } from './parse-pbtxt.ts';
import { message, messages, numbers, text } from './pb-fields.ts';
import { counted } from '../../text/counted.ts';

const MOST_ROWS = 1024;
const MOST_WAIT_MS = 60_000;
const MOST_LANES = 256;
const MOST_SIZES = 16;

export function readBatching(config: PbMessage, most: number, unlessGiven: Map<string, string>): object {
  const dynamic = message(config, 'dynamic_batching');
  if (most <= 0) return {};
  const preferred = dynamic === null ? [] : numbers(dynamic, 'preferred_batch_size');
  const rows = Math.max(1, Math.min(most, MOST_ROWS, preferred.length === 0 ? most : Math.max(...preferred)));
  const from = preferred.length === 0 ? 'max_batch_size' : 'preferred_batch_size';
  const note = `batches have ${counted(rows, 'row')} (${from}); forebay tune finds the fastest size`;
  unlessGiven.set('/batching/batch_size', note);
  const delay = dynamic === null ? undefined : numbers(dynamic, 'max_queue_delay_microseconds')[0];
  const wait = delay === undefined ? {} : { max_wait_ms: Math.min(MOST_WAIT_MS, Math.ceil(delay / 1000)) };
  const sizes = preferred.filter((size) => size >= 1 && size <= rows).slice(0, MOST_SIZES);
  const online = { ...wait, ...(sizes.length > 0 && { preferred_sizes: sizes }) };
  return { batch_size: rows, ...wait, ...(Object.keys(online).length > 0 && { online }) };
}

/** Instances become lanes. */
export function readLanes(config: PbMessage, unlessGiven: Map<string, string>): object {
  const groups = messages(config, 'instance_group');
  if (groups.length === 0) return {};
  if (groups.some((group) => text(group, 'kind') === 'KIND_GPU')) {
    unlessGiven.set(
      '/execution_providers',
      'instance_group asks for GPUs, but the model runs on the CPU; "execution_providers" in model.json chooses the device',
    );
  }
  const count = groups.reduce((total, group) => total + (numbers(group, 'count')[0] ?? 1), 0);
  return { lanes: Math.min(MOST_LANES, Math.max(1, count)) };
}
