/**
 * What holds a job back, from its counters, its state and its workers. Pure. A decision tree: first what keeps it from running at all, then memory, then busy lanes (what are they busy with?), then idle
 * ones (what do they wait for?).
 */

export const BOTTLENECKS = [
  'inference',
  'decoding',
  'reading',
  'starved_lanes',
  'memory',
  'small_blocks',
  'queue_limit',
  'no_worker',
  'writing',
  'coordination',
  'too_early',
] as const;
export type BottleneckName = (typeof BOTTLENECKS)[number];

export interface Diagnosis {
  readonly name: BottleneckName;
  /** The number that says so, 0 to 1; null where there is none. `why` says of what. */
  readonly share: number | null;
  /** What the number says, without a full stop. */
  readonly why: string;
  /** One sentence: what to change. */
  readonly advice: string;
}

/** Milliseconds, summed over lanes or workers; see api/wire/stats.ts. */
export interface JobCosts {
  readonly blocks: number;
  /** Rows that went through lanes or failed before. */
  readonly rows: number;
  readonly batches: number;
  /** Rows a batch divided by those it had room for; null without batches. */
  readonly fill: number | null;
  readonly lane: {
    readonly idle: number;
    readonly read: number;
    readonly decode: number;
    readonly prepare: number;
    readonly infer: number;
    readonly post: number;
    readonly rest: number;
    /** By decode threads, beside the lane's own. */
    readonly decodeAhead: number;
  };
  /** Wall clock during which rows flowed, summed over workers. */
  readonly flow: number;
  readonly read: number;
  readonly blocked: number;
  /** Summed over rows. */
  readonly batchWait: number;
  readonly laneWait: number;
  readonly begin: number;
  readonly write: number;
  readonly commit: number;
  /** From begin to before the commit, summed over blocks. */
  readonly run: number;
}

export interface JobState {
  readonly model: string;
  readonly ended: boolean;
  readonly reason: string | null;
  readonly blockRows: number;
  readonly concurrency: number | null;
  /** Live ones that serve the model. */
  readonly workers: readonly {
    readonly rssBytes: number | null;
    readonly memoryLimitBytes: number;
  }[];
}

/** Fewer batches are mostly first and last ones: no steady state to judge. */
const ENOUGH_BATCHES = 8;
/** Of lane work. Below it timers and start-up noise weigh too much. */
const ENOUGH_MS = 200;
/** Lanes at work for less of their time than this wait for something worth finding: the guide asks for 80 to 90 %. */
const BUSY = 0.85;
/** From here on idle time is noise: the promise is 90 % and more. */
const HEALTHY = 0.9;
/** More than half of the work: halving it beats anything else. */
const DOMINANT = 0.5;
/** A third of the lanes' work is too much for what is neither decoding nor the model. */
const OVERHEAD = 1 / 3;
/** Files of a job on a local disk take 1 to 3 % of a lane; a fifth is a slow disk or network. */
const LANE_READING = 0.2;
/** Of the flow: while lanes idle, reads or waits that go on most of the time are what they idle for. */
const MOST_OF_FLOW = 0.5;
const BLOCKED_OF_FLOW = 0.2;
/** Of a block's life: beginning, writing and committing should vanish beside its batches. */
const BLOCK_OVERHEAD = 0.25;
/** Batches less full than this waste a fixed cost each; a fair mix of full ones and a rest is above. */
const FULL_ENOUGH = 0.7;
/** Blocks are meant to hold about four batches; below two most of the last one is a rest. */
const BATCHES_A_BLOCK = 2;
/** A lane has a batch at work and two to come: fewer blocks at once than two a lane leave it waiting for commits. */
const BLOCKS_A_LANE = 2;
/** The kernel ends processes at the limit; caches and arenas need the rest. */
const MEMORY_FULL = 0.9;

/** `costs`: null before any block is done. Null where the job has ended and no row went through a lane. */
export function diagnoseJob(costs: JobCosts | null, state: JobState): Diagnosis | null {
  if (state.reason === 'no_worker' && !state.ended) return noWorker(state);
  if (state.reason === 'model_failed' && !state.ended) return modelFailed(state);
  const full = memoryFull(state);
  if (full) return full;
  if (!costs || costs.batches === 0) return state.ended ? null : tooEarly(0, state);
  const { idle, decodeAhead, ...parts } = costs.lane;
  const busy = Object.values(parts).reduce((sum, part) => sum + part, 0);
  if (costs.batches < ENOUGH_BATCHES || busy < ENOUGH_MS) return tooEarly(costs.batches, state);
  const utilisation = busy / (busy + idle);
  const wait = utilisation < BUSY ? waitOf(costs, state, 1 - utilisation) : null;
  if (wait) return wait;
  if (costs.fill !== null && costs.fill < FULL_ENOUGH) return partFull(costs, state, costs.fill);
  if (utilisation < BUSY) return starved(state, 1 - utilisation);
  return workOf(costs.lane, busy + decodeAhead, utilisation);
}

/** What busy lanes are busy with. `work`: with that of their decode threads. */
function workOf(lane: JobCosts['lane'], work: number, utilisation: number): Diagnosis {
  const busy = `lanes ${percent(utilisation)} busy`;
  const decode = (lane.decode + lane.decodeAhead) / work;
  const infer = lane.infer / work;
  const read = lane.read / work;
  const other = (lane.prepare + lane.post + lane.rest) / work;
  if (read > LANE_READING && read > infer && read > decode) {
    return found('reading', read, `${busy}, ${percent(read)} of it reading files`, SLOW_FILES);
  }
  if (decode > DOMINANT || (decode > infer && decode > other)) {
    return found(
      'decoding',
      decode,
      `${busy}, ${percent(decode)} of it decoding`,
      'Decode JPEGs with --decode fast ("decode": "fast" in model.json), store smaller images, or add CPU cores or workers.',
    );
  }
  if (other > OVERHEAD && other > infer) {
    return found(
      'coordination',
      other,
      `${busy}, ${percent(other)} of it neither decoding nor the model`,
      'Raise --batch-size, so that the cost of a batch is shared by more rows.',
    );
  }
  const advice =
    utilisation >= HEALTHY
      ? 'All is well; more speed takes more CPU cores or workers, a smaller or quantised model, or what `forebay tune` finds.'
      : 'Nearly well; `forebay tune` looks for a better batch size, lanes and threads.';
  return found('inference', infer, `${busy}, ${percent(infer)} of it in the model`, advice);
}

/** What idle lanes wait for, where the numbers say it. */
function waitOf(costs: JobCosts, state: JobState, idle: number): Diagnosis | null {
  const { flow } = costs;
  const because = (why: string) => `lanes idle ${percent(idle)} of the time, ${why}`;
  if (state.reason === 'queue_limit') {
    const advice = 'Raise --queue-limit (FOREBAY_QUEUE_LIMIT), or let fewer jobs share the queue.';
    return found('queue_limit', idle, because("and the job's blocks wait for slots on the queue"), advice);
  }
  const lanes = flow > 0 ? Math.max(1, Math.round(laneTime(costs) / flow)) : 1;
  if (state.concurrency !== null && state.concurrency < BLOCKS_A_LANE * lanes) {
    return found(
      'queue_limit',
      idle,
      because(`with at most ${blocksText(state.concurrency)} of this job at once`),
      `Raise --concurrency from ${state.concurrency} to ${3 * lanes} or more (or leave it to auto).`,
    );
  }
  const blocked = flow > 0 ? costs.blocked / flow : 0;
  if (blocked > BLOCKED_OF_FLOW) {
    const why = because(`readers held back by the in-flight limit ${percent(blocked)} of it`);
    return found(
      'memory',
      blocked,
      why,
      'Raise --max-inflight-mb (FOREBAY_MAX_INFLIGHT_MB), if memory allows.',
    );
  }
  const reading = flow > 0 ? costs.read / flow : 0;
  if (reading > MOST_OF_FLOW) {
    return found('reading', reading, because(`rows being read ${percent(reading)} of it`), SLOW_FILES);
  }
  return blockOverhead(costs, state, because);
}

/** Lanes wait while blocks are taken up, written and committed. */
function blockOverhead(costs: JobCosts, state: JobState, because: (why: string) => string): Diagnosis | null {
  const life = costs.run + costs.commit;
  const writing = life > 0 ? costs.write / life : 0;
  const talking = life > 0 ? (costs.begin + costs.commit) / life : 0;
  const share = writing + talking;
  if (share <= BLOCK_OVERHEAD) return null;
  const raise = `aise --block-rows from ${state.blockRows}, so that more rows share the cost of a block`;
  if (state.blockRows < BATCHES_A_BLOCK * batchSize(costs)) {
    const why = `${percent(share)} of a block's life is taking it up, writing and committing it`;
    return found('small_blocks', share, because(why), `R${raise}.`);
  }
  if (writing > talking) {
    const why = `${percent(writing)} of a block's life is writing its part`;
    return found('writing', writing, because(why), `Write to a faster disk, or r${raise}.`);
  }
  const why = `${percent(talking)} of a block's life is taking it off the queue and committing it`;
  return found('coordination', talking, because(why), `Bring Redis closer to the workers, or r${raise}.`);
}

/** Rows that a batch has room for. */
function batchSize({ rows, batches, fill }: JobCosts): number {
  return Math.max(1, Math.round(rows / batches / (fill ?? 1)));
}

function partFull(costs: JobCosts, state: JobState, fill: number): Diagnosis {
  const batch = batchSize(costs);
  const advice =
    state.blockRows < BATCHES_A_BLOCK * batch
      ? `Raise --block-rows from ${state.blockRows} to ${4 * batch}, about four batches of ${batch}.`
      : `Let the job have more blocks at once (--concurrency), or lower --batch-size from ${batch}.`;
  return found('small_blocks', fill, `batches only ${percent(fill)} full`, advice);
}

function starved(state: JobState, idle: number): Diagnosis {
  const limited = state.concurrency === null ? '' : ' or a higher --concurrency';
  return found(
    'starved_lanes',
    idle,
    `lanes idle ${percent(idle)} of the time with nothing to take`,
    `Rows come too slowly for the lanes: the API lists the input, and other work may hold its cores; larger --block-rows${limited} help, fewer workers or lanes would do as well.`,
  );
}

function noWorker({ model }: JobState): Diagnosis {
  const advice = `Start one that does: forebay worker --models <folder> --pool <the model's pool>, then see \`forebay models\`.`;
  return found('no_worker', null, `no live worker serves model "${model}"`, advice);
}

function modelFailed({ model }: JobState): Diagnosis {
  const advice =
    "Fix the model's folder as reason_text says: workers notice changed files. Where the files are right, restart the worker. Other models are not held up.";
  return found('no_worker', null, `no live worker can load model "${model}"`, advice);
}

function memoryFull({ workers }: JobState): Diagnosis | null {
  const shares = workers.flatMap(({ rssBytes, memoryLimitBytes }) =>
    rssBytes === null ? [] : [rssBytes / memoryLimitBytes],
  );
  const most = Math.max(0, ...shares);
  if (most < MEMORY_FULL) return null;
  const advice =
    'Lower --lanes or --batch-size, or give the worker more memory, before the system ends its processes.';
  return found('memory', Math.min(1, most), `a worker uses ${percent(most)} of its memory limit`, advice);
}

function tooEarly(batches: number, { ended }: JobState): Diagnosis {
  const advice = ended ? 'Run it on more rows to see what limits it.' : 'Look again when more rows are done.';
  const done = batches === 1 ? '1 batch' : `${batches} batches`;
  return found('too_early', null, `${done}${ended ? '' : ' so far'}, too little to tell`, advice);
}

const SLOW_FILES =
  'Put the input on a faster or nearer disk, or add workers, so that more rows are read at once.';

function laneTime({ lane }: JobCosts): number {
  return lane.idle + lane.read + lane.decode + lane.prepare + lane.infer + lane.post + lane.rest;
}

function found(name: BottleneckName, share: number | null, why: string, advice: string): Diagnosis {
  return { name, share, why, advice };
}

function blocksText(n: number): string {
  return n === 1 ? '1 block' : `${n} blocks`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
