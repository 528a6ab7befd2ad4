/** The section on keys and scopes, which a new user reads first. */
import { SCOPE_MEANINGS, SCOPES } from '../../../shared/domain/scope.ts';
import { html, prose, type Html } from './html.ts';
import { table } from './table.ts';

/** The address in examples, which is the service's default. */
const BASE = 'http://127.0.0.1:8080';

export function authenticationSection(): Html {
  return html`<section id="authentication">
    <h2>Authentication</h2>
    <p>
      ${prose(
        'On loopback, the service asks for no key until one exists. Beyond loopback it always asks, unless it was started with `--insecure`. The operator creates a key on the machine of the service. The key is shown once:',
      )}
    </p>
    <pre><code>${'export FOREBAY_API_KEY=$(forebay keys create --name me --scope admin)'}</code></pre>
    <p>
      ${prose('Restart the service after the first key. Send the key with every request, in one of two headers:')}
    </p>
    <pre><code>${`curl -s ${BASE}/v1/jobs -H "Authorization: Bearer $FOREBAY_API_KEY"
curl -s ${BASE}/v1/jobs -H "X-API-Key: $FOREBAY_API_KEY"`}</code></pre>
    <p>
      ${prose(
        'The `forebay` command reads `FOREBAY_API_KEY` or `--api-key-file`. A key has scopes, and each operation below names the scope that it needs:',
      )}
    </p>
    ${table(
      ['Scope', 'Allows'],
      SCOPES.map(
        (scope) =>
          html`<tr>
            <td><code>${scope}</code></td>
            <td>${prose(SCOPE_MEANINGS[scope])}</td>
          </tr>`,
      ),
    )}
    <p>
      ${prose(
        'Without `--scope`, a key has `jobs:read` and `jobs:write`. A request without a valid key gets 401 ',
      )}<a href="#error-unauthenticated"><code>unauthenticated</code></a
      >. A request without the scope gets 403 <a href="#error-forbidden"><code>forbidden</code></a
      >.
    </p>
  </section>`;
}
