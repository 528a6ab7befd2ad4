/** The frame of the dashboard: navigation, the current view, and the question for a key. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { KeyForm } from './parts/key-form.tsx';
import { useRoute, VIEWS, type View } from './route.ts';
import { forgetKey, hasKey } from './service.ts';
import { JobView } from './views/job.tsx';
import { JobsView } from './views/jobs.tsx';
import { ModelsView } from './views/models.tsx';
import { QueuesView } from './views/queues.tsx';
import { SubmitView } from './views/submit.tsx';
import { WorkersView } from './views/workers.tsx';

const TITLES: Readonly<Record<View, string>> = {
  jobs: 'Jobs',
  submit: 'New job',
  workers: 'Workers',
  queues: 'Queues',
  models: 'Models',
};

export function App() {
  const route = useRoute();
  // Changes when a key is entered, so that every view starts again with it.
  const [session, setSession] = useState(0);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${route.id ?? TITLES[route.view]} · Forebay`;
    // A screen reader announces the new view. At the first one, it reads the page anyway.
    if (isFirst.current) isFirst.current = false;
    else document.querySelector('h1')?.focus();
  }, [route.view, route.id]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to content
      </a>
      <header>
        <p class="name">Forebay</p>
        <nav aria-label="Views">
          {VIEWS.map((view) => (
            <a key={view} href={`#/${view}`} aria-current={route.view === view ? 'page' : undefined}>
              {TITLES[view]}
            </a>
          ))}
        </nav>
        <p class="links">
          <a href="/docs">API</a>
          <a href="/ops/queues">Bull Board</a>
          {hasKey() && (
            <button
              class="plain"
              onClick={() => {
                forgetKey();
                setSession((n) => n + 1);
              }}
            >
              Forget key
            </button>
          )}
        </p>
      </header>
      <main id="main" tabIndex={-1} key={session}>
        <CurrentView view={route.view} id={route.id} />
        <KeyForm onKey={() => setSession((n) => n + 1)} />
      </main>
    </>
  );
}

function CurrentView({ view, id }: { view: View; id: string | null }) {
  switch (view) {
    case 'jobs':
      return id === null ? <JobsView /> : <JobView key={id} id={id} />;
    case 'submit':
      return <SubmitView />;
    case 'workers':
      return <WorkersView />;
    case 'queues':
      return <QueuesView />;
    case 'models':
      return <ModelsView />;
  }
}

/** The address names the view, so the link must not change it. */
function skip(event: Event): void {
  event.preventDefault();
  document.querySelector<HTMLElement>('#main')?.focus();
}
