/** Follows a job by its events. They begin with the stored ones, so the course of an ended job can be drawn, too. */
import { useEffect, useState } from 'preact/hooks';
import type { JobWire } from '../../src/api/http/wire/job.ts';
import type { JobEventWire } from '../../src/api/http/wire/event.ts';
import { service } from '../service.ts';
import type { Sample } from './rates.ts';

export interface FollowedJob {
  readonly job: JobWire | null;
  readonly samples: readonly Sample[];
  readonly error: unknown;
  /** Asks for the job now. */
  readonly refresh: () => void;
}

/** Redraws at most this often, in ms. */
const REDRAW_MS = 250;

export function useJob(id: string): FollowedJob {
  const [state, setState] = useState<Omit<FollowedJob, 'refresh'>>({ job: null, samples: [], error: null });
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    const stop = new AbortController();
    let job: JobWire | null = null;
    const samples: Sample[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        if (!stop.signal.aborted) setState({ job, samples: [...samples], error: null });
      }, REDRAW_MS);
    };
    const hear = ({ id: at, type, data }: JobEventWire) => {
      if (type === 'snapshot') job = data;
      else if (type === 'status') job = data.job;
      else {
        // The id of an event is the time at which Redis stored it.
        samples.push({ at: Number(at.split('-')[0]), rows: data.rows.succeeded + data.rows.failed });
        if (job) job = { ...job, ...data };
      }
      show();
    };
    async function follow(): Promise<void> {
      job = await service().job(id);
      const begun = Date.parse(job.started_at ?? job.created_at);
      samples.push({ at: begun, rows: job.rows.adopted });
      show();
      const { signal } = stop;
      for await (const event of service().events(id, { lastEventId: '0', signal })) hear(event);
      job = await service().job(id);
      show();
    }
    follow().catch((error: unknown) => {
      if (!stop.signal.aborted) setState((before) => ({ ...before, error }));
    });
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [id, turn]);

  return { ...state, refresh: () => setTurn((n) => n + 1) };
}
