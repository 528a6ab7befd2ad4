/** Buttons that steer a job. Only those that its state allows are shown. */
import { useState } from 'preact/hooks';
import type { JobWire } from '../../src/api/http/wire/job.ts';
import { jobLink } from '../route.ts';
import { service } from '../service.ts';
import { Problem } from './problem.tsx';

type Verb = 'pause' | 'resume' | 'cancel' | 'retry';

const TEXTS: Readonly<Record<Verb, string>> = {
  pause: 'Pause',
  resume: 'Resume',
  cancel: 'Cancel',
  retry: 'Retry failed rows',
};

function allowed({ status, rows }: JobWire): readonly Verb[] {
  switch (status) {
    case 'queued':
    case 'running':
      return ['pause', 'cancel'];
    case 'paused':
      return ['resume', 'cancel'];
    case 'completed':
    case 'failed':
    case 'cancelled':
      return rows.failed > 0 ? ['retry'] : [];
    case 'finalizing':
    case 'cancelling':
      return [];
  }
}

export function JobActions({ job, onDone }: { job: JobWire; onDone: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<Verb | null>(null);

  async function act(verb: Verb): Promise<void> {
    if (verb === 'cancel' && !confirm(`Cancel ${job.id}? Rows that are finished stay in its output.`)) return;
    setBusy(verb);
    try {
      const after = await service()[verb](job.id);
      setError(null);
      if (after.id !== job.id) location.hash = jobLink(after.id);
      onDone();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(null);
    }
  }

  return (
    <div class="actions">
      {allowed(job).map((verb) => (
        <button key={verb} disabled={busy !== null} onClick={() => void act(verb)}>
          {TEXTS[verb]}
        </button>
      ))}
      <Problem error={error} />
    </div>
  );
}
