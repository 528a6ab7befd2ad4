/** Asks for an API key when the service has refused a request because it had none, or a wrong one. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ProblemError } from '../../src/client/problem-error.ts';
import { rememberKey } from '../service.ts';

const ASKED = 'forebay-key-needed';

/** Shows the question if the error is about a missing or wrong key. */
export function askForKey(error: unknown): void {
  if (error instanceof ProblemError && error.code === 'unauthenticated') dispatchEvent(new Event(ASKED));
}

export function KeyForm({ onKey }: { onKey: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [key, setKey] = useState('');
  useEffect(() => {
    const ask = () => {
      if (dialog.current && !dialog.current.open) dialog.current.showModal();
    };
    addEventListener(ASKED, ask);
    return () => removeEventListener(ASKED, ask);
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby="key-title">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          rememberKey(key.trim());
          dialog.current?.close();
          onKey();
        }}
      >
        <h2 id="key-title">This service needs a key</h2>
        <p>
          Make one with <code>forebay keys create --name me --scope jobs:read</code>. Only this tab keeps it.
        </p>
        <label>
          API key
          <input
            type="password"
            autoComplete="off"
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <button type="submit">Use this key</button>
      </form>
    </dialog>
  );
}
