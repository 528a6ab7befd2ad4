/** How a Hugging Face processor turns pixels into values, besides its factor. Pure. */
import { fieldNote } from './reading.ts';

interface Values {
  /** Null if the config does not say. */
  readonly mean: readonly number[] | null;
  readonly std: readonly number[];
  /** The fields that these numbers come from. */
  readonly keys: readonly string[];
  readonly open: readonly string[];
}

/** It has no such step, so its config does not mention it. */
const NEVER_NORMALISES = /^mobilevit/i;
/** It can move pixels by -1 after the factor, and divides by the deviation a second time. */
const EFFICIENT_NET = /^efficientnet/i;

export function readNormalisation(take: (key: string) => unknown, processor: string): Values {
  const isNormalised = take('do_normalize') !== false && !NEVER_NORMALISES.test(processor);
  const given = { image_mean: take('image_mean'), image_std: take('image_std') };
  const [mean, std] = [perChannel(given.image_mean), perChannel(given.image_std)];
  const isEfficientNet = EFFICIENT_NET.test(processor);
  const keys = isNormalised ? ['image_mean', 'image_std'] : ['do_normalize'];
  let values = isNormalised ? { mean, std } : { mean: [0], std: [1] };
  // Its processor has this step unless the config says otherwise.
  if (isEfficientNet && (take('include_top') ?? true) !== false) {
    keys.push('include_top');
    values = { mean: values.mean, std: times(values.std, std) };
  }
  if (isEfficientNet && take('rescale_offset') === true) {
    keys.push('rescale_offset');
    values = { mean: values.mean?.map((number) => number + 1) ?? null, std: values.std };
  }
  if (values.mean !== null && values.std !== null) {
    return { mean: values.mean, std: values.std, keys, open: [] };
  }
  const isGiven = given.image_mean !== undefined || given.image_std !== undefined;
  return { mean: null, std: [], keys: [], open: isGiven ? [fieldNote(given)] : [] };
}

/** One number for all channels, or one for each. */
function perChannel(value: unknown): number[] | null {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const isNumbers = list.every((number) => typeof number === 'number');
  return isNumbers && (list.length === 1 || list.length === 3) ? (list as number[]) : null;
}

function times(a: readonly number[] | null, b: readonly number[] | null): number[] | null {
  if (a === null || b === null) return null;
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return long.map((number, channel) => number * (short[channel] ?? short[0]!));
}
