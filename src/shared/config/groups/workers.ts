/** Settings of a worker: what it serves and how much of the machine it uses. */
import { choice, count, megabytes, names, text } from '../setting.ts';

export const WORKERS = {
  pool: text({
    env: 'FOREBAY_POOL',
    fallback: 'default',
    flag: { usage: '--pool <name>', what: 'the pool that the worker belongs to' },
    what: 'Pool that this worker belongs to',
    trade: 'Each model names its pool. The workers of a pool serve only the models of that pool.',
  }),
  models: names({
    env: 'FOREBAY_MODELS',
    flag: { usage: '--serve <names>', what: 'models to serve, such as a,b@2; repeatable' },
    what: 'Names of the models that this worker serves, such as a or b@2; comma-separated',
    trade: 'Fewer models save memory. Jobs with any other model need another worker.',
    unset: 'all models of its pool',
  }),
  lanes: count({
    env: 'FOREBAY_LANES',
    max: 256,
    flag: { usage: '--lanes <n>' },
    what: 'Lane processes per worker',
    trade: 'More lanes use more cores, and each takes memory for every model.',
    unset: 'one per core, as far as memory allows; one per GPU for models of a GPU',
  }),
  threadsPerLane: count({
    env: 'FOREBAY_THREADS_PER_LANE',
    max: 256,
    flag: { usage: '--threads-per-lane <n>' },
    what: 'Threads per model call',
    trade: 'More threads shorten one call. More lanes with fewer threads run more calls at once.',
    unset: 'cores / lanes; 1 if all models compute on a GPU',
  }),
  decodeThreads: count({
    env: 'FOREBAY_DECODE_THREADS',
    max: 256,
    flag: { usage: '--decode-threads <n>' },
    what: 'Images that a lane decodes at once, on its decode threads or with sharp',
    trade:
      'More threads help if decoding is slower than the model. Otherwise they take cores from the model.',
    unset: '2, or more if there are fewer lanes than cores; lanes of a GPU use all cores but one',
  }),
  decodeIn: choice({
    env: 'FOREBAY_DECODE_IN',
    choices: ['auto', 'lane', 'threads'],
    fallback: 'auto',
    what: 'Whether a lane decodes images itself or on separate decode threads',
    trade:
      '`threads` decodes the next batch during a model call, and takes about 85 MB per thread. `lane` takes less. `auto` means `threads` for lanes of a GPU, else `lane`.',
  }),
  profiles: choice({
    env: 'FOREBAY_PROFILES',
    choices: ['on', 'off'],
    fallback: 'on',
    what: 'Whether workers use what `forebay tune` measured on this machine',
    trade: '`on` is faster if the machine has not changed since you tuned it. `off` uses formulas only.',
  }),
  predictors: choice({
    env: 'FOREBAY_PREDICTORS',
    choices: ['on', 'off'],
    fallback: 'on',
    what: 'Whether lanes run the code of predictors in the models folders',
    trade:
      '`off` keeps user code away from this machine. Models that need it then fail to load, with a message.',
  }),
  maxInflightBytes: megabytes({
    env: 'FOREBAY_MAX_INFLIGHT_MB',
    fallback: 256,
    flag: { usage: '--max-inflight-mb <n>' },
    what: 'MB of rows that a worker holds at once',
    trade:
      'A higher limit hides slow storage, and a lower one saves memory. Half is for rows that the worker fetches, half for files that its lanes open.',
  }),
  modelsBytes: megabytes({
    env: 'FOREBAY_MODELS_MB',
    max: 100_000_000,
    what: 'MB of memory for the models of a worker, in all its lanes together',
    trade:
      'With a lower limit, more models wait on disk until a job needs them, and loading costs time. Above the limit, the lanes unload the least recently used model that no job needs.',
    unset: 'all models stay in memory',
  }),
  memoryLimitBytes: megabytes({
    env: 'FOREBAY_MEMORY_LIMIT_MB',
    max: 100_000_000,
    what: 'Memory that a worker and its lanes may use',
    trade:
      'Near the limit a worker slows down, then takes no more blocks, and finally ends a lane. A lower limit leaves memory to other programs.',
    unset: 'the limit of the container, else of the machine',
  }),
};
