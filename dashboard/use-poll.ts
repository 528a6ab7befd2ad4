/** Asks the service again and again while the page is visible. */
import { useEffect, useRef, useState } from 'preact/hooks';

export interface Polled<T> {
  /** The last answer. Null before the first one. */
  readonly data: T | null;
  /** Why the last request failed. Null if it succeeded. */
  readonly error: unknown;
  /** Asks now. */
  readonly refresh: () => void;
}

/** `ask` is called again at once if `key` changes. */
export function usePoll<T>(key: string, everyMs: number, ask: () => Promise<T>): Polled<T> {
  const [state, setState] = useState<{ key: string; data: T | null; error: unknown }>({
    key,
    data: null,
    error: null,
  });
  const latest = useRef(ask);
  latest.current = ask;
  const [turn, setTurn] = useState(0);

  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isOver = false;
    const again = () => {
      if (!isOver) timer = setTimeout(run, everyMs);
    };
    const run = () => {
      if (document.hidden) return again();
      latest.current().then(
        (data) => {
          if (!isOver) setState({ key, data, error: null });
          again();
        },
        (error: unknown) => {
          if (!isOver) setState((before) => ({ key, data: before.key === key ? before.data : null, error }));
          again();
        },
      );
    };
    run();
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [key, everyMs, turn]);

  const current = state.key === key ? state : { data: null, error: null };
  return { data: current.data, error: current.error, refresh: () => setTurn((n) => n + 1) };
}
