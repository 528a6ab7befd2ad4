/** The view that the address names: `#/jobs`, `#/jobs/ID`, `#/submit`, and so on. */
import { useEffect, useState } from 'preact/hooks';

export const VIEWS = ['jobs', 'submit', 'workers', 'queues', 'models'] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  readonly view: View;
  /** Of a job. Null: the list. */
  readonly id: string | null;
}

function read(): Route {
  const [, name, id = ''] = location.hash.split('/');
  const view = VIEWS.find((known) => known === name) ?? 'jobs';
  return { view, id: view === 'jobs' && id !== '' ? decoded(id) : null };
}

function decoded(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    return id;
  }
}

export function useRoute(): Route {
  const [route, setRoute] = useState(read);
  useEffect(() => {
    const change = () => setRoute(read());
    addEventListener('hashchange', change);
    return () => removeEventListener('hashchange', change);
  }, []);
  return route;
}

export const jobLink = (id: string) => `#/jobs/${encodeURIComponent(id)}`;
