/** Data of a Parquet file that is not as its format says. It costs the rows of that data, and no others. */
export class Damage extends Error {}

/** Runs a decoder, which may throw any error. Reads no file. Throws Damage: the message ends a sentence about the data. */
export function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw asDamage(error);
  }
}

export function asDamage(error: unknown): Damage {
  if (error instanceof Damage) return error;
  return new Damage(error instanceof Error ? error.message : String(error), { cause: error });
}
