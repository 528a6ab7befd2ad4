/** Buttons that steer a job. Only those that its state allows are shown. */
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
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
  const place = useRef<HTMLDivElement>(null);
  const isInside = useRef(false);
  const verbs = allowed(job);
  // The button that had the focus may be gone. A user without a mouse then goes on from here, not from the top.
  useLayoutEffect(() => {
    if (isInside.current && document.activeElement === document.body)
      place.current!.focus({ preventScroll: true });
  }, [verbs.join(' ')]);

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
    <div
      ref={place}
      class="actions"
      tabIndex={-1}
      onFocusIn={() => (isInside.current = true)}
      onFocusOut={({ relatedTarget }) => (isInside.current = relatedTarget === null)}
    >
      {verbs.map((verb) => (
        // Resume takes the place of Pause, and keeps its focus. A disabled button would lose it.
        <button
          key={verb === 'resume' ? 'pause' : verb}
          aria-disabled={busy !== null}
          onClick={() => busy === null && void act(verb)}
        >
          {TEXTS[verb]}
        </button>
      ))}
      <Problem error={error} />
    </div>
  );
}
