/** What model.json says about a model that takes waveforms. */
import { z } from 'zod';
import { ACTIVATION, CLASSES_SHAPE } from '../classes/activation.ts';

/** Sample rates of files and models, in Hz. */
export const LEAST_SAMPLE_RATE = 1_000;
export const MOST_SAMPLE_RATE = 384_000;

const NAME = z.string().min(1).max(1024);
const AXIS = z.int().min(0).max(31);
const SAMPLES = z
  .int()
  .min(1)
  .max(2 ** 28);

const FRAME = z
  .strictObject({
    /** Samples that the model gets in a frame. */
    length: SAMPLES,
    /** How many of these samples lie before the start of the frame. Before the start of the waveform they are zero. */
    context: z
      .int()
      .min(0)
      .max(2 ** 28)
      .default(0),
    /** Samples from the start of one frame to the start of the next. Absent: `length` without `context`. */
    hop: SAMPLES.optional(),
    /** `pad`: zeros fill up the last frames. `drop`: leaves out a last frame that is not full, unless it is the only one. */
    tail: z.enum(['pad', 'drop']).default('pad'),
  })
  .refine(({ length, context }) => context < length, {
    path: ['context'],
    message: 'must be less than "length", which includes it',
  })
  .refine(({ length, context, hop }) => hop === undefined || hop <= Math.max(1, length - context), {
    path: ['hop'],
    message: 'leaves samples out: it must be at most "length" without "context"',
  });

const OUTPUT = z
  .strictObject({
    /** The axis along which frames are put together, as in the task "tensors". */
    batch_axis: AXIS.nullable().optional(),
    encoding: z.enum(['json', 'base64']).default('json'),
    /**
     * How the values of a row's frames become one. `stack`: a list of them. `concat`: joined along `time_axis`. `mean`,
     * `max`: per element. `last`: the last one.
     */
    join: z.enum(['stack', 'concat', 'mean', 'max', 'last']).default('stack'),
    /** The time axis of a frame's value, not counting the batch axis. For `concat`. */
    time_axis: AXIS.default(0),
    /** Steps along `time_axis` to remove at both ends of each frame, where frames overlap. For `concat`. */
    trim: z.int().min(0).max(1_000_000).default(0),
  })
  .refine(({ join, trim }) => join === 'concat' || trim === 0, {
    path: ['trim'],
    message: 'has no use without "join": "concat"',
  });

const STATE = z.strictObject({
  /** The graph's input, zero at the start of a row. */
  input: NAME,
  /** The graph's output that is the input of the next frame. */
  output: NAME,
  /** Null: it has none, so a call has one row. */
  batch_axis: AXIS.nullable().default(0),
});

/** The fields of model.json. */
export const AUDIO_SHAPE = {
  /** The rate to which waveforms are resampled, in Hz. */
  sample_rate: z.int().min(LEAST_SAMPLE_RATE).max(MOST_SAMPLE_RATE),
  /** How a waveform is cut. Absent: the model gets the whole waveform. */
  frame: FRAME.optional(),
  /** The graph's input for the waveform. Not needed if all other inputs are constants or states. */
  input: NAME.optional(),
  /** The axes of that input: n is the batch, t is time. Absent: from the graph. */
  layout: z.enum(['nt', 'nt1', 'n1t', 't']).optional(),
  /** Factor for samples, which are from -1 to 1. */
  scale: z.number().default(1),
  /** `unit_variance`: the waveform is moved to mean 0 and variance 1, as feature extractors of Hugging Face do. */
  normalize: z.enum(['none', 'unit_variance']).default('none'),
  /** Constants that all rows share, by the graph's input, as in the task "tensors". */
  inputs: z.record(z.string(), z.strictObject({ value: z.unknown() })).default({}),
  /** State that the model carries from frame to frame. */
  state: z.array(STATE).max(64).default([]),
  /** Maximum number of frames per model call. Absent: follows from their size. */
  frames_per_call: z.int().min(1).max(4096).optional(),
  /** Longer rows are errors. */
  max_seconds: z.number().positive().max(86_400).default(600),
  /** The usual length of a row. Batch and block sizes follow from it. */
  row_seconds: z.number().positive().max(86_400).default(10),
  answer: z.enum(['outputs', 'predictions']).default('outputs'),
  /** The outputs of an answer, by the graph's names. Absent: all except states. Only with the answer `outputs`. */
  outputs: z
    .record(z.string(), OUTPUT)
    .refine((outputs) => Object.keys(outputs).length > 0, 'name at least one output, or leave this out')
    .optional(),
  /** How the class scores of a row's frames become one. Only with the answer `predictions`. */
  over_frames: z.enum(['mean', 'max']).default('mean'),
  labels: CLASSES_SHAPE.labels,
  output: CLASSES_SHAPE.output,
  activation: ACTIVATION.optional(),
  top_k: CLASSES_SHAPE.top_k,
  threshold: CLASSES_SHAPE.threshold,
};

export type AudioConfigFields = z.infer<z.ZodObject<typeof AUDIO_SHAPE>>;
export type FrameConfig = z.infer<typeof FRAME>;
export type AudioOutputConfig = z.infer<typeof OUTPUT>;
export type StateConfig = z.infer<typeof STATE>;
export type AudioLayout = NonNullable<AudioConfigFields['layout']>;
