/** Endpoints for operators and their tools: health, readiness and the API's description. */
import { z } from 'zod';
import { DOCS_FILES, renderDocsPage, type ApiInfo } from '../docs-page/page.ts';
import { mount, type MountTarget } from '../endpoint/mount.ts';
import { mountPageFiles } from '../middleware/page-files.ts';

const HEALTH = z.object({ status: z.enum(['ok', 'ready']) }).meta({ id: 'Health' });

export interface OpsDeps {
  /** Rejects with the reason why jobs cannot be accepted now. */
  ready(): Promise<void>;
  /** Shown in the OpenAPI document. */
  readonly version: string;
}

export function mountOps(target: MountTarget, deps: OpsDeps): void {
  mount(
    target,
    {
      method: 'get',
      path: '/healthz',
      operationId: 'health',
      tag: 'Operations',
      access: 'probe',
      summary: 'Whether the process is up',
      success: [{ status: 200, description: 'The process is up.', content: { 'application/json': HEALTH } }],
      problems: [],
    },
    ({ c }) => c.json({ status: 'ok' }),
  );
  mount(
    target,
    {
      method: 'get',
      path: '/readyz',
      operationId: 'ready',
      tag: 'Operations',
      access: 'probe',
      summary: 'Whether jobs can be accepted',
      success: [
        { status: 200, description: 'Jobs can be accepted.', content: { 'application/json': HEALTH } },
      ],
      problems: [],
    },
    async ({ c }) => {
      await deps.ready();
      return c.json({ status: 'ready' });
    },
  );

  // Created on first use, because all endpoints are mounted by then.
  let document: string | null = null;
  const openApi = () => (document ??= JSON.stringify(describe(target, deps.version)));
  mount(
    target,
    {
      method: 'get',
      path: '/openapi.json',
      operationId: 'openApi',
      tag: 'Operations',
      access: 'open',
      summary: 'This description (OpenAPI 3.1)',
      success: [
        {
          status: 200,
          description: 'The document.',
          content: { 'application/json': z.record(z.string(), z.unknown()) },
        },
      ],
      problems: [],
    },
    () => new Response(openApi(), { headers: { 'Content-Type': 'application/json' } }),
  );

  const urlOf = mountPageFiles(target, '/docs', new URL('../docs-page/', import.meta.url), DOCS_FILES);
  let page: { html: string; headers: Record<string, string> } | null = null;
  mount(
    target,
    {
      method: 'get',
      path: '/docs',
      operationId: 'docs',
      tag: 'Operations',
      access: 'open',
      summary: 'This description as a page',
      success: [{ status: 200, description: 'The page.', content: { 'text/html': z.string() } }],
      problems: [],
    },
    () => {
      page ??= renderDocsPage(infoOf(deps.version), urlOf);
      return new Response(page.html, { headers: page.headers });
    },
  );
}

function infoOf(version: string): ApiInfo {
  return {
    title: 'Forebay',
    version,
    description:
      'Batch inference as a service. The input is a dataset of any size and an ONNX model. The output is one answer per row. All bodies are JSON in snake_case. Every failure is a problem (RFC 9457) with a stable `code`.',
  };
}

function describe(target: MountTarget, version: string): object {
  return target.app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { ...infoOf(version) },
    servers: [{ url: '/' }],
    tags: [
      { name: 'Jobs', description: 'A job is a dataset, a model and options.' },
      { name: 'Results and progress', description: 'What a job produces, while it runs and afterwards.' },
      { name: 'Models', description: 'The models that jobs can run.' },
      {
        name: 'Open Inference Protocol',
        description: 'The protocol of Triton and KServe (version 2), for clients that speak it.',
      },
      { name: 'Keys', description: 'Who may do what, if the service requires keys.' },
      { name: 'Operations', description: 'Health and description of the service.' },
    ],
  });
}
