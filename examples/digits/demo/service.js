/** A service for the demo, `forebay up`. Its models stay resident, so a job takes the same time however often it runs. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../../dist/client/public.js';

const FOREBAY = fileURLToPath(new URL('../../../bin/forebay.js', import.meta.url));

/**
 * Resolves when the models are resident. `run` resolves to the output folder of the job.
 * @param {{ models: string, data: string, input: string }} folders `data`: for results and state
 */
export async function startService({ models, data, input }) {
  const args = ['up', '--port', '0', '--models', models, '--data', data, '--input-root', input];
  const child = spawn(process.execPath, [FOREBAY, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const client = createClient({ url: await addressOf(child, exited) });
  return {
    /** @param {string} model */
    async run(model) {
      const { id } = await client.submit({ model, input: { type: 'files', path: input } });
      // They end with the job.
      for await (const _ of client.events(id));
      const { status, rows, error, output } = await client.job(id);
      if (status === 'completed' && rows.failed === 0) return output;
      throw new Error(
        `the job of ${model} is ${status}, ${rows.failed} rows failed, ${JSON.stringify(error)}`,
      );
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<null, import('node:stream').Readable, import('node:stream').Readable>} child
 * @param {Promise<unknown>} exited
 * @returns {Promise<string>}
 */
async function addressOf(child, exited) {
  /** @type {string[]} */
  const said = [];
  let address = '';
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      said.push(line);
      address ||= /^\s*API\s+(http\S+)/.exec(line)?.[1] ?? '';
      // `forebay up` prints this line last.
      if (line.includes('Ctrl-C')) resolve(address);
    });
    void exited.then(() => reject(new Error(`forebay up did not start:\n${said.slice(-15).join('\n')}`)));
  });
}
