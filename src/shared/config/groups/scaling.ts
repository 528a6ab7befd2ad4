/** Settings of autoscaling: how many workers the API wants for each pool. */
import { ANY_COUNT, count, seconds, secondsAsMs } from '../setting.ts';

export const SCALING = {
  scaleTargetS: seconds({
    env: 'FOREBAY_SCALE_TARGET_S',
    fallback: 300,
    what: 'Time in which the workers of a pool should finish all its waiting rows',
    trade: 'A shorter time asks for more workers, which finish sooner and are idle sooner.',
  }),
  scaleMin: count({
    env: 'FOREBAY_SCALE_MIN',
    fallback: 0,
    min: 0,
    what: 'Workers wanted in every pool, even without work',
    trade:
      'With 0, a pool without work may be empty. Its next job or online request waits until a worker has started.',
  }),
  scaleMax: count({
    env: 'FOREBAY_SCALE_MAX',
    fallback: 10,
    what: 'Maximum number of workers wanted in a pool',
    trade: 'A higher maximum finishes large jobs sooner, and costs more while they run.',
  }),
  scaleDownAfterMs: secondsAsMs({
    env: 'FOREBAY_SCALE_DOWN_AFTER_S',
    fallback: 300,
    min: 0,
    max: 86_400,
    what: 'How long fewer workers must have been enough before fewer are wanted',
    trade: 'A longer time keeps workers, and their loaded models, between jobs. A shorter time saves money.',
  }),
  scaleRowsPerS: count({
    env: 'FOREBAY_SCALE_ROWS_PER_S',
    fallback: 20,
    max: ANY_COUNT,
    what: 'Rows per second that one worker is assumed to compute for a model until a job has measured it',
    trade: 'Too low a number asks for too many workers at first, too high a number for too few.',
  }),
};
