/** What busy lanes spend their time on. */
import { diagnosis, percent, SLOW_FILES, type Diagnosis } from './diagnosis.ts';
import type { JobCosts } from './job-costs.ts';
import type { JobState } from './job-state-of.ts';

/** Above this utilisation, idle time is noise. */
const HEALTHY = 0.9;
/** If one kind of work takes more than half of the time, a change to any other kind gains less. */
const DOMINANT = 0.5;
/** Work that is neither decoding nor the model should take a smaller share than this. */
const OVERHEAD = 1 / 3;
/** Local files take 1 to 3 % of a lane's time. A share above this means a slow disk or network. */
const LANE_READING = 0.2;

/** `busy`: how long the lanes worked, in ms. `utilisation`: that time as a share of all lane time. */
export function diagnoseBusyLanes(
  lane: JobCosts['lane'],
  { decodingAdvice }: Pick<JobState, 'decodingAdvice'>,
  busy: number,
  utilisation: number,
): Diagnosis {
  const work = busy + lane.decodeAhead;
  const lanesBusy = `lanes ${percent(utilisation)} busy`;
  const decode = (lane.decode + lane.decodeAhead) / work;
  const infer = lane.infer / work;
  const read = lane.read / work;
  const other = (lane.prepare + lane.post + lane.rest) / work;
  if (read > LANE_READING && read > infer && read > decode) {
    return diagnosis('reading', read, `${lanesBusy}, ${percent(read)} of it reading files`, SLOW_FILES);
  }
  if (decode > DOMINANT || (decode > infer && decode > other)) {
    return diagnosis(
      'decoding',
      decode,
      `${lanesBusy}, ${percent(decode)} of it decoding`,
      `Add CPU cores or workers, or store smaller files. ${decodingAdvice}`.trim(),
    );
  }
  if (other > OVERHEAD && other > infer) {
    return diagnosis(
      'coordination',
      other,
      `${lanesBusy}, ${percent(other)} of it neither decoding nor the model`,
      'Raise --batch-size, so that more rows share the cost of a batch.',
    );
  }
  const advice =
    utilisation >= HEALTHY
      ? 'Nothing is wrong. For more speed, add CPU cores or workers, use a smaller or quantised model, or run `forebay tune`.'
      : 'Run `forebay tune`, which looks for a better batch size, lanes and threads.';
  return diagnosis('inference', infer, `${lanesBusy}, ${percent(infer)} of it in the model`, advice);
}
