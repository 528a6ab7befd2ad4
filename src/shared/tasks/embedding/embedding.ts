/** The answer of an embedding model. */
import { z } from 'zod';

/** Its numbers have as many digits as a float32 holds. */
export const EMBEDDING = z.array(z.number().meta({ format: 'float' }));

/** How an answer comes about, for the plan. `pooling` is absent if model.json does not give it. */
export function vectorStep(
  pooling: string | undefined,
  of: 'text' | 'image',
  { dimensions = null, isScaled }: { readonly dimensions?: number | null; readonly isScaled: boolean },
): string {
  const how = pooling === undefined || pooling === 'none' ? 'one' : pooling;
  const cut = dimensions === null ? '' : `, its first ${dimensions} numbers`;
  return `${how} vector per ${of}${cut}${isScaled ? ', of length 1' : ''}`;
}
