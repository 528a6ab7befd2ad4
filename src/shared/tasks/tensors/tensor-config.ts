/** What model.json may say about the inputs and outputs of a graph. */
import { z } from 'zod';
import { DTYPES } from './dtypes.ts';

const MOST_AXES = 32;
const SIZE = z.int().min(0);

const TENSOR = {
  /**
   * The axis along which rows are put together. Null: the tensor has none. Absent: the graph decides (bind-inputs.ts,
   * bind-outputs.ts).
   */
  batch_axis: z
    .int()
    .min(0)
    .max(MOST_AXES - 1)
    .nullable()
    .optional(),
  /** Has no effect except that it is checked against the graph. */
  dtype: z.enum(DTYPES).optional(),
  /**
   * The shape of one row's value, so without the batch axis. Null or a name is a free dimension. The shape is checked
   * against the graph. If the graph leaves a dimension free, a number here applies to all rows.
   */
  shape: z
    .array(z.union([SIZE, z.string(), z.null()]))
    .max(MOST_AXES)
    .optional(),
};

const TENSOR_INPUT = z
  .strictObject({
    ...TENSOR,
    /** A constant that all rows share. Then rows do not give this input. */
    value: z.unknown().optional(),
    /** A value of one row, for trying the model. Needed if the graph fails on made-up values. */
    example: z.unknown().optional(),
    /** The shape of made-up values for trying the model. Absent: free dimensions are 1. */
    example_shape: z.array(SIZE).max(MOST_AXES).optional(),
  })
  .refine(({ value, batch_axis }) => value === undefined || (batch_axis ?? null) === null, {
    path: ['batch_axis'],
    message: 'an input with a value is the same for all rows, so it has no batch axis: leave this out',
  })
  .refine(({ value, example }) => value === undefined || example === undefined, {
    path: ['example'],
    message: 'an input with a value needs no example: leave this out',
  })
  .refine(
    ({ value, example, example_shape }) =>
      example_shape === undefined || (value === undefined && example === undefined),
    { path: ['example_shape'], message: 'the value or example has a shape already: leave this out' },
  );

const TENSOR_OUTPUT = z.strictObject({
  ...TENSOR,
  /** `json`: nested lists. `base64`: the bytes, little-endian. */
  encoding: z.enum(['json', 'base64']).default('json'),
});

/** The fields of model.json. */
export const TENSORS_SHAPE = {
  /** By the graph's names. An input that is absent here has the defaults. */
  inputs: z.record(z.string(), TENSOR_INPUT).default({}),
  /** The outputs of an answer, by the graph's names and in this order. Absent: all of them. */
  outputs: z
    .record(z.string(), TENSOR_OUTPUT)
    .refine((outputs) => Object.keys(outputs).length > 0, 'name at least one output, or leave this out')
    .optional(),
  /**
   * Bytes of one row's tensors, inputs and outputs. Batch and block sizes follow from it. Absent: from the shapes of
   * the inputs, see inputBytes.
   */
  row_bytes: z
    .int()
    .min(1)
    .max(2 ** 40)
    .optional(),
};

export type TensorsConfigFields = z.infer<z.ZodObject<typeof TENSORS_SHAPE>>;
export type TensorInputConfig = z.infer<typeof TENSOR_INPUT>;
export type TensorOutputConfig = z.infer<typeof TENSOR_OUTPUT>;
