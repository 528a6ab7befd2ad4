/** Renders the API's description as one page that needs no script and loads nothing from other hosts (ADR 9). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pageHeaders } from '../middleware/page-headers.ts';
import type { ApiDocument } from './api-document.ts';
import { authenticationSection } from './authentication-section.ts';
import { errorSection } from './error-section.ts';
import { html, prose, type Html } from './html.ts';
import { operationView } from './operation-view.ts';
import { schemaTable } from './schema-view.ts';

const STYLE = readFileSync(new URL('./style.css', import.meta.url), 'utf8');
/** Kept out of the template, where a formatter could change it. The page's policy allows exactly these bytes. */
const STYLE_ELEMENT: Html = { html: `<style>${STYLE}</style>` };

export function renderDocsPage(document: ApiDocument): { html: string; headers: Record<string, string> } {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = document.tags.map((tag) => ({
    ...tag,
    operations: operations.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  const schemas = Object.entries(document.components.schemas).toSorted(([a], [b]) => (a < b ? -1 : 1));

  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${document.info.title} API</title>
        ${STYLE_ELEMENT}
      </head>
      <body>
        <nav aria-label="Contents">
          <p class="name">${document.info.title} <small>${document.info.version}</small></p>
          <h2>Start</h2>
          <ul>
            <li><a href="#authentication">Authentication</a></li>
          </ul>
          ${groups.map(
            (group) =>
              html`<h2>${group.name}</h2>
                <ul>
                  ${group.operations.map(
                    ({ operation }) =>
                      html`<li><a href="#${operation.operationId}">${operation.summary}</a></li>`,
                  )}
                </ul>`,
          )}
          <h2>Reference</h2>
          <ul>
            <li><a href="#schemas">Schemas</a></li>
            <li><a href="#errors">Error codes</a></li>
            <li><a href="/openapi.json">openapi.json</a></li>
          </ul>
        </nav>
        <main>
          <h1>${document.info.title} API</h1>
          <p class="lead">${prose(document.info.description)}</p>
          ${authenticationSection()}
          ${groups.map(
            (group) =>
              html`<section>
                <h2>${group.name}</h2>
                <p>${prose(group.description)}</p>
                ${group.operations.map((o) => operationView(document, o.method, o.path, o.operation))}
              </section>`,
          )}
          <section id="schemas">
            <h2>Schemas</h2>
            ${schemas.map(
              ([name, schema]) =>
                html`<article id="schema-${name}">
                  <h3><a href="#schema-${name}">${name}</a></h3>
                  ${schema.description === undefined ? null : html`<p>${prose(schema.description)}</p>`}
                  ${schemaTable(schema)} ${example(schema.examples?.[0])}
                </article>`,
            )}
          </section>
          ${errorSection()}
        </main>
      </body>
    </html>`;

  return {
    html: page.html,
    headers: pageHeaders([`style-src 'sha256-${sha256(STYLE)}'`]),
  };
}

function example(value: unknown): Html | null {
  if (typeof value !== 'object' || value === null) return null;
  return html`<details>
    <summary>Example</summary>
    <pre><code>${JSON.stringify(value, null, 2)}</code></pre>
  </details>`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
