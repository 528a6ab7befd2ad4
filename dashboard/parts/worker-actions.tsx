/** The button that drains a worker, or resumes one that is drained. */
import { useState } from 'preact/hooks';
import type { WorkerWire } from '../../src/api/http/wire/overview.ts';
import { service } from '../service.ts';
import { Problem } from './problem.tsx';

export function WorkerActions({ worker, onDone }: { worker: WorkerWire; onDone: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const isRunning = worker.status === 'running';

  async function act(): Promise<void> {
    setBusy(true);
    try {
      await (isRunning ? service().drainWorker(worker.id) : service().resumeWorker(worker.id));
      setError(null);
      onDone();
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  }

  return (
    <div class="actions">
      {/* A disabled button would lose the focus, and with it the place of a user without a mouse. */}
      <button
        aria-disabled={busy}
        aria-label={`${isRunning ? 'Drain' : 'Resume'} process ${worker.pid} on ${worker.host}`}
        onClick={() => busy || void act()}
      >
        {isRunning ? 'Drain' : 'Resume'}
      </button>
      <Problem error={error} />
    </div>
  );
}
