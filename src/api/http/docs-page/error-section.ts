/** The section on error codes, with the cause and fix of each, in groups. */
import { ERROR_ADVICE, ERROR_GROUPS, type ErrorGroup } from '../../../shared/error-guide/error-guide.ts';
import { ForebayError, type ErrorCode } from '../../../shared/errors.ts';
import { html, prose, type Html } from './html.ts';
import { table } from './table.ts';

export function errorSection(): Html {
  return html`<section id="errors">
    <h2>Error codes</h2>
    <p>
      The same codes appear in problems, in the <code>error</code> of a job, in row errors, in logs and on the
      command line. <i>Retry</i>: the same request may succeed later.
    </p>
    ${ERROR_GROUPS.map(groupView)}
  </section>`;
}

function groupView({ title, about, codes }: ErrorGroup): Html {
  return html`<h3>${title}</h3>
    <p>${prose(about)}</p>
    ${table(['Code', 'Cause', 'Fix', 'Status', 'Retry'], codes.map(codeRow))}`;
}

function codeRow(code: ErrorCode): Html {
  const { status, retryable } = new ForebayError(code, '');
  const { cause, fix } = ERROR_ADVICE[code];
  return html`<tr id="error-${code}">
    <td><code>${code}</code></td>
    <td>${prose(cause)}</td>
    <td>${prose(fix)}</td>
    <td>${status}</td>
    <td>${retryable ? 'yes' : 'no'}</td>
  </tr>`;
}
