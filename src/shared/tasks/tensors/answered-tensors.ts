/** The answer of the task `tensors`. */
import { z } from 'zod';
import type { Dtype } from './dtypes.ts';
import type { TensorOutputConfig } from './tensor-config.ts';

export const ANSWERED_TENSORS = z.record(z.string(), z.unknown());

/** An element as JSON. 64-bit integers are left out, because a JSON parser may round them. */
const ELEMENTS: { readonly [Type in Dtype]?: z.ZodType } = {
  float16: z.number().meta({ format: 'float' }),
  float32: z.number().meta({ format: 'float' }),
  float64: z.number(),
  int8: z.int(),
  int16: z.int(),
  int32: z.int(),
  uint8: z.int(),
  uint16: z.int(),
  uint32: z.int(),
  bool: z.boolean(),
  string: z.string(),
};

/** What a row's value of an output looks like, as far as the config gives its type and its dimensions. */
export function answeredTensor({ dtype, shape, encoding }: TensorOutputConfig): z.ZodType {
  const element = dtype === undefined ? undefined : ELEMENTS[dtype];
  if (encoding !== 'json' || element === undefined || shape === undefined) return z.unknown();
  return shape.reduce<z.ZodType>((inner) => z.array(inner), element);
}
