/**
 * Serves the dashboard: a page that shows nothing until it has asked the public API, with the key of its user. So the
 * page itself is open to everybody.
 */
import type { MountTarget } from '../endpoint/mount.ts';
import { checkHost, mountPageFiles } from '../middleware/page-files.ts';
import { pageHeaders } from '../middleware/page-headers.ts';

/** No inline script or style, and nothing from other hosts. */
const POLICY = ["script-src 'self'", "style-src 'self'", "connect-src 'self'", 'img-src data:'];

export function mountDashboard(target: MountTarget): void {
  const { app, guard } = target;
  const urlOf = mountPageFiles(target, '/dashboard', new URL('./', import.meta.url), ['app.js', 'style.css']);

  app.get('/', async (c) => {
    await checkHost(guard, c, '/');
    const html = page(urlOf('app.js'), urlOf('style.css'));
    return new Response(html, { headers: { ...pageHeaders(POLICY), 'Cache-Control': 'no-cache' } });
  });
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
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript. Everything it shows is in the API, too: see <a href="/docs">/docs</a>.</noscript>
</body>
</html>
`;
}
