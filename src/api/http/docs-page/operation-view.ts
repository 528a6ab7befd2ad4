/** One endpoint on the page: what it does, its request and response, and an example call. */
import type { ApiDocument, ApiOperation, ApiParameter, ApiSchema } from './api-document.ts';
import { html, prose, type Html } from './html.ts';
import { typeOf } from './schema-view.ts';
import { table } from './table.ts';

/** The address in examples, which is the service's default. */
export const BASE = 'http://127.0.0.1:8080';

export function operationView(
  document: ApiDocument,
  method: string,
  path: string,
  operation: ApiOperation,
): Html {
  const responses = Object.entries(operation.responses);
  const problems = responses.filter(([, r]) => r.content?.['application/problem+json']);
  const successes = responses.filter(([, r]) => !r.content?.['application/problem+json']);
  const parameters = operation.parameters ?? [];
  return html`<article id="${operation.operationId}">
    <h3><a href="#${operation.operationId}">${operation.summary}</a></h3>
    <p class="route">
      <span class="method ${method}">${method.toUpperCase()}</span>
      <code>${path}</code>${scopeView(operation)}
    </p>
    ${operation.description === undefined ? null : html`<p>${prose(operation.description)}</p>`}
    ${parameters.length === 0 ? null : parameterTable(parameters)}
    ${Object.entries(operation.requestBody?.content ?? {}).map(
      ([type, { schema }]) => html`<p><b>Body</b> ${typeOf(schema)} <small>${type}</small></p>`,
    )}
    <ul class="answers">
      ${successes.map(
        ([status, { description, content, headers }]) =>
          html`<li>
            <b class="ok">${status}</b> ${prose(description)}
            ${Object.entries(content ?? {}).map(
              ([type, { schema }]) => html` ${typeOf(schema)} <small>${type}</small>`,
            )}
            ${Object.entries(headers ?? {}).map(
              ([name, { description: text }]) => html`<br /><code>${name}</code> ${prose(text)}`,
            )}
          </li>`,
      )}
      ${problems.map(
        ([status, { description }]) => html`<li><b class="bad">${status}</b> ${codeLinks(description)}</li>`,
      )}
    </ul>
    <pre><code>${curl(document, method, path, operation)}</code></pre>
  </article>`;
}

function scopeView(operation: ApiOperation): Html | null {
  const scopes = Object.values(operation.security?.[0] ?? {}).flat();
  return scopes.length === 0 ? null : html` <small>scope <code>${scopes.join(' ')}</code></small>`;
}

function parameterTable(parameters: readonly ApiParameter[]): Html {
  return table(
    ['Parameter', 'Type', 'Meaning'],
    parameters.map(
      (p) =>
        html`<tr>
          <td><code>${p.name}</code> <small>${p.in}${p.required ? '' : ', optional'}</small></td>
          <td>${typeOf(p.schema)}</td>
          <td>${prose(p.description ?? p.schema.description ?? '')}</td>
        </tr>`,
    ),
  );
}

function codeLinks(description: string): Html {
  const codes = [...description.matchAll(/`([^`]+)`/g)].map((match) => match[1]!);
  return html`${codes.map((code) => html`<a href="#error-${code}"><code>${code}</code></a> `)}`;
}

function curl(document: ApiDocument, method: string, path: string, operation: ApiOperation): string {
  const id = path.startsWith('/v1/keys/') ? 'KEY_ID' : 'JOB_ID';
  const url = `${BASE}${path.replace('{id}', id).replace('{name}', 'MODEL')}`;
  const streams = Object.keys(operation.responses['200']?.content ?? {}).some((type) =>
    ['text/event-stream', 'application/x-ndjson'].includes(type),
  );
  const flags = [streams ? ' -N' : '', method === 'get' ? '' : ` -X ${method.toUpperCase()}`].join('');
  const body = operation.requestBody?.content['application/json']?.schema;
  if (body === undefined) return `curl -s${flags} ${url}`;
  const example = JSON.stringify(resolve(document, body).examples?.[0] ?? {}, null, 2);
  return `curl -s${flags} ${url} \\\n  -H 'Content-Type: application/json' \\\n  -d '${example}'`;
}

function resolve(document: ApiDocument, schema: ApiSchema): ApiSchema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (document.components.schemas[name] ?? schema);
}
