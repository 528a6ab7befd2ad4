/** How a job spent its time: stages, utilisation and bottleneck. manifest.json contains the same report. */
import { z } from 'zod';
import { diagnoseJob } from '../../jobs/report/diagnose-job.ts';
import { BOTTLENECKS } from '../../jobs/report/diagnosis.ts';
import type { JobCosts } from '../../jobs/report/job-costs.ts';
import type { JobState } from '../../jobs/report/job-state-of.ts';
import { rounded } from './scalars.ts';

const MS = z.number().nullable();
const stage = (description: string) => MS.meta({ description });
const SHARE = z.number().min(0).max(1).nullable();

export const STAGES = z
  .object({
    begin_ms: stage('Starting blocks: one round trip to Redis, and a check for an existing part.'),
    read_ms: stage('Fetching the bytes of rows that are not local files.'),
    blocked_ms: stage('Time in which reading waited because of the limit on bytes in flight.'),
    batch_wait_ms: stage('Time in which rows that were read waited for a lane, summed over rows.'),
    lane_wait_ms: stage('Time in which rows in a lane waited for earlier batches, summed over rows.'),
    open_ms: stage('Opening and reading local files, by lanes.'),
    decode_ms: stage("Decoding and resizing, in the lanes' own threads."),
    decode_ahead_ms: stage(
      'CPU time of decoding in other threads while a lane was inside the model. Some systems show only part of it.',
    ),
    prepare_ms: stage('Filling the input tensor.'),
    infer_ms: stage('Model calls.'),
    post_ms: stage('Turning outputs into answers.'),
    other_ms: stage('Messages and event loop of the lanes.'),
    idle_ms: stage("Time in which lanes had no batch, between the job's first and last batch."),
    write_ms: stage('Publishing parts.'),
    commit_ms: stage('Committing blocks and removing them from the queue.'),
  })
  .meta({
    id: 'JobStages',
    description:
      'Milliseconds, summed over all committed blocks. open_ms, decode_ms, prepare_ms, infer_ms, post_ms, other_ms and idle_ms add up to the time of the lanes. The other stages overlap with them. Null: nothing has been computed yet.',
  });

export const UTILISATION = z
  .object({
    lanes: SHARE.meta({
      description: "Share of the lanes' time spent working, from the job's first batch to its last.",
    }),
    decode: SHARE.meta({
      description: "Share of the lanes' work spent on decoding, including their decode threads.",
    }),
    model: SHARE.meta({ description: "Share of the lanes' work spent in the model." }),
  })
  .meta({
    id: 'JobUtilisation',
    description: 'How busy the lanes were, 0 to 1. Null: nothing has been computed yet.',
  });

export const BOTTLENECK = z
  .object({
    name: z.enum(BOTTLENECKS).meta({ description: 'What limits the job.' }),
    share: SHARE.meta({ description: 'The measurement that `why` describes. Null if there is none.' }),
    why: z.string().meta({
      description: 'What was measured.',
      examples: ['lanes 97 % busy, 81 % of it in the model'],
    }),
    advice: z.string().meta({ description: 'What to change.' }),
  })
  .meta({ id: 'Bottleneck', description: 'What limits the speed of a job, and what to do about it.' });

export const JOB_REPORT = z.object({
  stages: STAGES,
  utilisation: UTILISATION,
  bottleneck: z
    .union([BOTTLENECK, z.null()])
    .meta({ description: 'Null: the job has ended, and no row went through a lane.' }),
  answered_by: z.record(z.string(), z.int()).optional().meta({
    description:
      'Of a cascade, or an ensemble that takes the surest answer: how many rows each of its models answered. Of a chain: how many rows each model was the last to answer.',
  }),
});
export type JobReportWire = z.infer<typeof JOB_REPORT>;

export function reportToWire(costs: JobCosts | null, state: JobState): JobReportWire {
  const diagnosis = diagnoseJob(costs, state);
  return {
    stages: stagesOf(costs),
    utilisation: utilisationOf(costs),
    bottleneck: diagnosis && { ...diagnosis, share: rounded(diagnosis.share, 3) },
    ...(costs?.answeredBy && { answered_by: costs.answeredBy }),
  };
}

function stagesOf(costs: JobCosts | null): JobReportWire['stages'] {
  const ms = (value: (known: JobCosts) => number) => rounded(costs && value(costs), 1);
  return {
    begin_ms: ms((c) => c.begin),
    read_ms: ms((c) => c.read),
    blocked_ms: ms((c) => c.blocked),
    batch_wait_ms: ms((c) => c.batchWait),
    lane_wait_ms: ms((c) => c.laneWait),
    open_ms: ms((c) => c.lane.read),
    decode_ms: ms((c) => c.lane.decode),
    decode_ahead_ms: ms((c) => c.lane.decodeAhead),
    prepare_ms: ms((c) => c.lane.prepare),
    infer_ms: ms((c) => c.lane.infer),
    post_ms: ms((c) => c.lane.post),
    other_ms: ms((c) => c.lane.rest),
    idle_ms: ms((c) => c.lane.idle),
    write_ms: ms((c) => c.write),
    commit_ms: ms((c) => c.commit),
  };
}

function utilisationOf(costs: JobCosts | null): JobReportWire['utilisation'] {
  if (!costs) return { lanes: null, decode: null, model: null };
  const { idle, decodeAhead, ...parts } = costs.lane;
  const busy = Object.values(parts).reduce((sum, part) => sum + part, 0);
  const share = (part: number, whole: number) => (whole > 0 ? rounded(part / whole, 3) : null);
  return {
    lanes: share(busy, busy + idle),
    decode: share(parts.decode + decodeAhead, busy + decodeAhead),
    model: share(parts.infer, busy + decodeAhead),
  };
}
