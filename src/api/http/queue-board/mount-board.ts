/** Mounts Bull Board: for admins, read-only, and with a policy that lets its page load nothing from other hosts. */
import type { Context } from 'hono';
import { ForebayError } from '../../../shared/errors.ts';
import type { BlockQueues } from '../../../shared/queue/blocks/block-queue.ts';
import type { MountTarget } from '../endpoint/mount.ts';
import { problemResponse, toForebayError } from '../middleware/error-handler.ts';
import { pageHeaders } from '../middleware/page-headers.ts';
import { beginRequest } from '../middleware/report-request.ts';
import { BOARD_PATH, createBoard, type Board } from './board.ts';

export interface BoardDeps {
  readonly queues: Pick<BlockQueues, 'bullQueue'>;
  /** Names of the queues to show. */
  readonly queueNames: () => Promise<readonly string[]>;
}

/** The page sets styles in its HTML and from scripts. It has no inline script. */
const POLICY = [
  "base-uri 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
];

/** Makes a browser ask for a key: any user name, and the key as the password. */
const ASK = { 'WWW-Authenticate': 'Basic realm="forebay, with an API key as the password", charset="UTF-8"' };

export function mountBoard({ app, guard, emit }: MountTarget, deps: BoardDeps): void {
  let board: Promise<Board> | null = null;

  async function answer(c: Context): Promise<Response> {
    await guard(
      { header: (name) => c.req.header(name), param: () => undefined },
      { path: BOARD_PATH, access: 'admin' },
    );
    if (c.req.method !== 'GET' && c.req.method !== 'HEAD') {
      throw new ForebayError(
        'method_not_allowed',
        'This page only shows queues. Pause, resume, cancel and retry jobs instead, with the dashboard at / or with `forebay`.',
      );
    }
    board ??= createBoard(deps.queues);
    const found = await board;
    if (!c.req.path.startsWith(`${BOARD_PATH}/static/`)) found.show(await deps.queueNames());
    return protectedPage(await found.answer(c.req.raw));
  }

  async function handle(c: Context): Promise<Response> {
    const report = beginRequest(c.req, emit);
    let code: string | null = null;
    const response = await answer(c).catch((error: unknown) => {
      ({ code } = toForebayError(error));
      return problemResponse(error, c.req, emit, code === 'unauthenticated' ? ASK : {});
    });
    report({ route: BOARD_PATH, status: response.status, code });
    return response;
  }
  app.all(BOARD_PATH, handle);
  app.all(`${BOARD_PATH}/*`, handle);
}

/** The page of the library also names a font of another host. The policy forbids that host, so not even its name is sent. */
async function protectedPage(response: Response): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  if (!type.startsWith('text/html')) {
    response.headers.set('X-Content-Type-Options', 'nosniff');
    return response;
  }
  const html = (await response.text()).replaceAll(/<link[^>]*href="https?:[^>]*>/g, '');
  return new Response(html, { status: response.status, headers: pageHeaders(POLICY) });
}
