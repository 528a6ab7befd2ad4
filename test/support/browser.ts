// A real headless Chromium, driven over its DevTools protocol.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'undici';
import { waitUntil } from './wait-until.ts';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome'];
const program = PROGRAMS.find((name) => spawnSync(name, ['--version']).status === 0);

/** Whether there is one. If not, tests are skipped: apt-get install chromium. */
export const hasBrowser = program !== undefined;

export type Browser = Awaited<ReturnType<typeof startBrowser>>;
export type Page = Awaited<ReturnType<Browser['open']>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: {
    readonly request?: { readonly url: string };
    readonly entry?: { readonly level: string; readonly text: string; readonly url?: string };
    readonly exceptionDetails?: { readonly exception?: { readonly description?: string } };
  };
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}

export async function startBrowser() {
  const folder = mkdtempSync(join(tmpdir(), 'forebay-browser-'));
  const flags = ['--headless=new', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
  const child = spawn(program!, [...flags, `--user-data-dir=${folder}`, 'about:blank'], { stdio: 'ignore' });
  const port = await waitUntil('the browser to listen', () => {
    try {
      return readFileSync(join(folder, 'DevToolsActivePort'), 'utf8').split('\n')[0]!;
    } catch {
      return false;
    }
  });
  return {
    open: async (url: string) => openPage(port, url),
    async close() {
      child.kill('SIGKILL');
      await once(child, 'exit');
      // Its helper processes may write for a moment longer. `maxRetries` would not remove what they write meanwhile.
      await waitUntil('the folder of the browser to be removed', () => {
        try {
          rmSync(folder, { recursive: true, force: true });
          return true;
        } catch {
          return false;
        }
      });
    },
  };
}

async function openPage(port: string, url: string) {
  const answer = await fetch(`http://127.0.0.1:${port}/json/new?about:blank`, { method: 'PUT' });
  const { webSocketDebuggerUrl } = (await answer.json()) as { webSocketDebuggerUrl: string };
  const socket = new WebSocket(webSocketDebuggerUrl);
  const waiting = new Map<number, (message: Message) => void>();
  /** URLs that the page has asked for. */
  const requests: string[] = [];
  /** What the console shows as an error, such as a violation of the policy. */
  const errors: string[] = [];
  let sent = 0;
  socket.addEventListener('message', (event) => {
    const message = JSON.parse(String(event.data)) as Message;
    const { id, method, params } = message;
    if (id !== undefined) waiting.get(id)?.(message);
    else if (method === 'Network.requestWillBeSent') requests.push(params!.request!.url);
    else if (method === 'Log.entryAdded' && params!.entry!.level === 'error') {
      errors.push(`${params!.entry!.text} ${params!.entry!.url ?? ''}`);
    } else if (method === 'Runtime.exceptionThrown') {
      errors.push(params!.exceptionDetails!.exception?.description ?? 'an exception');
    }
  });
  await new Promise((resolve) => socket.addEventListener('open', resolve));

  async function send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    const id = ++sent;
    const reply = new Promise<Message>((resolve) => waiting.set(id, resolve));
    socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await reply;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result!;
  }

  for (const domain of ['Network', 'Log', 'Runtime', 'Page']) await send(`${domain}.enable`);
  await send('Page.navigate', { url });

  /** The value of an expression. */
  async function read<T>(expression: string): Promise<T> {
    const { result } = await send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    });
    return (result as { value: T }).value;
  }

  return {
    requests,
    errors,
    send,
    read,
    /** Waits until an expression is true. The error says what the page showed instead. */
    async sees(expression: string): Promise<void> {
      try {
        await waitUntil(
          `the page to show ${expression}`,
          async () => (await read(expression)) === true,
          30_000,
        );
      } catch (cause) {
        const shown = await read<string>('document.body.innerText');
        throw new Error(`the page did not show ${expression}. It showed:\n${shown}`, { cause });
      }
    },
    /** Chooses a file in the field that the expression finds, as a person does in the dialog. */
    async choose(expression: string, path: string): Promise<void> {
      const { result } = await send('Runtime.evaluate', { expression });
      await send('DOM.setFileInputFiles', {
        files: [path],
        objectId: (result as { objectId: string }).objectId,
      });
    },
    /** Presses a key, such as `Tab`. */
    async press(key: string): Promise<void> {
      // Only a key with a code and a text activates a button.
      const code = key === 'Enter' ? { windowsVirtualKeyCode: 13, text: '\r' } : {};
      await send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...code });
      await send('Input.dispatchKeyEvent', { type: 'keyUp', key });
    },
    async width(width: number): Promise<void> {
      const size = { width, height: 800, deviceScaleFactor: 1, mobile: false };
      await send('Emulation.setDeviceMetricsOverride', size);
    },
    close: () => socket.close(),
  };
}
