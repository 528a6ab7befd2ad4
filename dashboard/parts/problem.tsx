/** A failed request, in the words of the service. */
import { useEffect } from 'preact/hooks';
import { ProblemError } from '../../src/client/problem-error.ts';
import { askForKey } from './key-form.tsx';
import { Words } from './words.tsx';

export function Problem({ error }: { error: unknown }) {
  useEffect(() => askForKey(error), [error]);
  if (error === null || error === undefined) return null;
  const problem = error instanceof ProblemError ? error : null;
  return (
    <div class="problem" role="alert">
      <p>
        {problem && <code>{problem.code}</code>}{' '}
        <Words text={error instanceof Error ? error.message : 'The request failed.'} />
      </p>
      {/* The message of a problem in one place names that place. */}
      {problem && problem.errors.length > 1 && (
        <ul>
          {problem.errors.map(({ path, message }) => (
            <li key={path}>
              <code>{path}</code> {message}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
