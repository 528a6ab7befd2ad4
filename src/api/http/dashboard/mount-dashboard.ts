/**
 * Serves the dashboard: a page that shows nothing until it has asked the public API, with the key of its user. So the
 * page itself is open to everybody.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Context } from 'hono';
import type { MountTarget } from '../endpoint/mount.ts';
import { pageHeaders } from '../middleware/page-headers.ts';

/** No inline script or style, and nothing from other hosts. */
const POLICY = ["script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:'];

const FILES = { 'app.js': 'text/javascript; charset=utf-8', 'style.css': 'text/css; charset=utf-8' } as const;
type FileName = keyof typeof FILES;

interface File {
  readonly bytes: Buffer;
  /** Changes with its content, so that browsers may keep a version for ever. */
  readonly version: string;
}

export function mountDashboard({ app, guard }: MountTarget): void {
  const files = new Map<FileName, File>();
  const file = (name: FileName): File => {
    let found = files.get(name);
    if (!found) {
      const bytes = readFileSync(new URL(`./${name}`, import.meta.url));
      found = { bytes, version: createHash('sha256').update(bytes).digest('hex').slice(0, 16) };
      files.set(name, found);
    }
    return found;
  };
  /** Checks the host. */
  const admit = async (c: Context) =>
    guard({ header: (name) => c.req.header(name), param: () => undefined }, { path: '/', access: 'open' });

  app.get('/', async (c) => {
    await admit(c);
    const html = page(file('app.js').version, file('style.css').version);
    return new Response(html, { headers: { ...pageHeaders(POLICY), 'Cache-Control': 'no-cache' } });
  });
  for (const name of Object.keys(FILES) as FileName[]) {
    app.get(`/dashboard/${name}`, async (c) => {
      await admit(c);
      const { bytes, version } = file(name);
      const isNamed = c.req.query('v') === version;
      return new Response(new Uint8Array(bytes), {
        headers: {
          'Content-Type': FILES[name],
          'Cache-Control': isNamed ? 'public, max-age=31536000, immutable' : 'no-cache',
          'X-Content-Type-Options': 'nosniff',
        },
      });
    });
  }
}

function page(script: string, style: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Forebay</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/dashboard/style.css?v=${style}">
<script type="module" src="/dashboard/app.js?v=${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. Everything it shows is in the API, too: see <a href="/docs">/docs</a>.</noscript>
</body>
</html>
`;
}
