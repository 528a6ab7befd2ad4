/**
 * The reference page of the API. Swagger UI shows the operations from /openapi.json, in the browser (ADR 9). The
 * sections around it are plain HTML, because a library cannot show keys, scopes, or the cause and fix of each error code.
 */
import { pageHeaders } from '../middleware/page-headers.ts';
import { authenticationSection } from './authentication-section.ts';
import { errorSection } from './error-section.ts';
import { html, prose } from './html.ts';

/** Served from the folder of this file, where the build puts them. The text has the licenses of the library. */
export const DOCS_FILES = [
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'swagger-ui.css',
  'page.js',
  'page.css',
] as const;

/**
 * No inline script or style, and nothing from other hosts. The library's stylesheet holds icons as `data:`. Pictures
 * that a request has returned are shown as `blob:`.
 */
const POLICY = ["script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data: blob:'];

export interface ApiInfo {
  readonly title: string;
  readonly version: string;
  readonly description: string;
}

/** `urlOf`: the URL of one of the page's files. */
export function renderDocsPage(
  { title, version, description }: ApiInfo,
  urlOf: (name: (typeof DOCS_FILES)[number]) => string,
): { html: string; headers: Record<string, string> } {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title} API</title>
        <link rel="icon" href="data:," />
        <link rel="stylesheet" href="${urlOf('swagger-ui.css')}" />
        <link rel="stylesheet" href="${urlOf('page.css')}" />
        <script defer src="${urlOf('swagger-ui-bundle.js')}"></script>
        <script type="module" src="${urlOf('page.js')}"></script>
      </head>
      <body>
        <nav aria-label="Contents">
          <a href="/">Dashboard</a>
          <a href="#authentication">Keys</a>
          <a href="#operations">Operations</a>
          <a href="#errors">Errors</a>
          <a href="/openapi.json">openapi.json</a>
        </nav>
        <main>
          <h1>${title} API <small>${version}</small></h1>
          <p class="lead">${prose(description)}</p>
          ${authenticationSection()}
          <section id="operations">
            <h2>Operations</h2>
            <p>
              ${prose(
                'Authorize stores your key in this page until it is closed. Then Try it out sends requests to this service, with real effects. Endless streams, such as the events of a job, appear only when they end. For these, use the `curl` line.',
              )}
            </p>
            <noscript>
              <p>
                This part needs JavaScript. <a href="/openapi.json">openapi.json</a> describes the same
                operations.
              </p>
            </noscript>
            <div id="operations-view"></div>
          </section>
          ${errorSection()}
        </main>
      </body>
    </html>`;
  return { html: page.html, headers: { ...pageHeaders(POLICY), 'Cache-Control': 'no-cache' } };
}
