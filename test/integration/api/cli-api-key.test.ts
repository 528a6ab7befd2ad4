// Every command that talks to a service sends the API key, here to a real HTTP server.
import { createServer } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram, runProgram } from '#forebay/cli/program.js';
import { createClient } from '#forebay/client/client.js';
import { recordingTerminal } from '../../support/recording-terminal.ts';
import { waitUntil } from '../../support/wait-until.ts';

const KEY = 'fbk_0123456789abcdef_secret';
const asked: { path: string; authorization: string | undefined }[] = [];
const server = createServer((request, response) => {
  asked.push({ path: request.url ?? '', authorization: request.headers.authorization });
  response.writeHead(404, { 'content-type': 'application/problem+json' });
  response.end(JSON.stringify({ code: 'not_found', detail: 'Nothing is here.', status: 404 }));
});
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forebay-key-'));
  writeFileSync(join(folder, 'key'), `${KEY}\n`);
  writeFileSync(join(folder, 'urls.txt'), 'https://example.org/a.jpg\n');
  server.listen(0, '127.0.0.1');
  await waitUntil('the server', () => server.listening);
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

function context(argv: readonly string[], env: NodeJS.ProcessEnv) {
  return {
    terminal: recordingTerminal({ live: false }),
    env,
    cwd: folder,
    argv,
    program: 'forebay',
    connect: (url: string, apiKey: string | undefined) =>
      createClient({ url, ...(apiKey !== undefined && { apiKey }) }),
  };
}

/** The options that a command needs before it sends a request. */
const NEEDS: Readonly<Record<string, readonly string[]>> = {
  submit: ['--model', 'm', '--urls', 'urls.txt'],
  plan: ['--model', 'm', '--input', 'photos'],
  loadtest: ['--model', 'm', '--input', 'urls.txt', '--seconds', '1'],
  predict: ['--model', 'm', '--text', 'hello'],
  'models list': [],
  'workers list': [],
  'models inspect': ['m'],
};

/** Lists the commands that have the option --url, without the program's name. */
function commandsWithUrl(command: Command, before: readonly string[] = []): string[] {
  const own = command.options.some(({ long }) => long === '--url') ? [before.join(' ')] : [];
  return [...own, ...command.commands.flatMap((sub) => commandsWithUrl(sub, [...before, sub.name()]))];
}
const commands = commandsWithUrl(createProgram({ ...context([], {}), exitWith: () => undefined }, '0'));

describe('a command that talks to a service', () => {
  it('is found by its --url option', () => {
    expect(commands).toEqual(expect.arrayContaining(['submit', 'retry', 'cancel', 'results', 'plan']));
  });

  it.each(commands)('sends the key from the environment and from a file: %s', async (name) => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const argv = [
      ...name.split(' '),
      ...(NEEDS[name] ?? (name.endsWith('s') && name !== 'results' ? [] : ['job_1'])),
      '--url',
      url,
    ];
    for (const given of [
      context(argv, { FOREBAY_API_KEY: KEY }),
      context([...argv, '--api-key-file', 'key'], {}),
    ]) {
      asked.length = 0;
      await runProgram(given, '0');
      expect(asked.length, given.terminal.errText()).toBeGreaterThan(0);
      for (const { path, authorization } of asked)
        expect([path, authorization]).toEqual([path, `Bearer ${KEY}`]);
      expect(given.terminal.errText() + given.terminal.outText()).not.toContain('secret');
    }
  });
});

describe('a password in the URL of the service', () => {
  it('is refused and not repeated, whether it comes from the flag or from the environment', async () => {
    for (const given of [
      context(['jobs', '--url', 'http://me:hunter2@127.0.0.1:1'], {}),
      context(['jobs'], { FOREBAY_URL: 'http://me:hunter2@127.0.0.1:1' }),
    ]) {
      expect(await runProgram(given, '0')).toBe(2);
      expect(given.terminal.errText()).toContain('It must not contain a user or password');
      expect(given.terminal.errText()).not.toContain('hunter2');
    }
  });
});
