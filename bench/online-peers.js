/** Compares answers at once with LitServe, MLServer and Ray Serve: one photo per request, the same model and pixels. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readResources } from '../dist/workers/settings/resources.js';
import { modelFolder } from './harness/model-folder.js';
import { inScratch } from './harness/scratch.js';
import { startService } from './harness/service.js';
import { median, percentile } from './harness/statistics.js';
import { photos } from './harness/workloads.js';
import { runClients, totalOf, warmUp } from './online/run-clients.js';
import { SERVERS } from './peers/servers/settings.js';
import { startServer } from './peers/servers/start-server.js';

export const name = 'online-peers';
export const title = 'Answers at once against LitServe, MLServer and Ray Serve';
export const proves = 'How the service compares with model servers in requests per second, p99 and CPU.';
export const defaults = { runs: 2, seconds: 8, quick: { runs: 1, seconds: 3 } };

const MODEL = 'mobilenetv2';
const CLIENTS = [1, 8, 64];

export async function run({ log, runs, seconds }) {
  const cores = Math.max(1, Math.floor(readResources().cpus));
  const files = photos(200);
  return inScratch(async (folder) => {
    const bodies = { file: files, ...jsonBodies(folder, files) };
    const formOf = (takes) => ({
      files: bodies[takes],
      type: takes === 'file' ? 'image/jpeg' : 'application/json',
    });
    const sides = [['forebay', { label: 'Forebay', takes: 'file', start: startForebay }]];
    for (const [key, server] of Object.entries(SERVERS)) {
      const { label, takes } = server;
      const { files: own, type } = formOf(takes);
      const work = { graph: graphOf(), cores, sample: { file: own[0], type } };
      sides.push([key, { label, takes, start: async () => startServer(server, work) }]);
    }
    const found = new Map(sides.map(([key]) => [key, new Map(CLIENTS.map((clients) => [clients, []]))]));
    // In turns, because the machine may be shared.
    for (let turn = 0; turn < runs; turn++) {
      for (const [key, { label, takes, start }] of sides) {
        const server = await start();
        try {
          await warmUp({ url: server.url, ...formOf(takes) }, server.pid);
          for (const clients of CLIENTS) {
            const load = { url: server.url, ...formOf(takes), clients, seconds, warmUpSeconds: 3 };
            const one = await runClients(load, server.pid);
            const cpu = totalOf(one.cpuMs);
            const figures = { perS: one.perS, p99: percentile(one.times, 0.99), cpu, other: one.otherCores };
            found.get(key).get(clients).push(figures);
            log(
              `${label}, ${clients} clients: ${one.perS.toFixed(1)}/s, p50 ${median(one.times).toFixed(0)} ms, p99 ${figures.p99.toFixed(0)} ms, ${cpu.toFixed(1)} ms CPU, others ${one.otherCores.toFixed(2)} cores`,
            );
          }
        } finally {
          await server.stop();
        }
      }
    }
    return { rows: tableOf(sides, found), charts: [], data: dataOf(found) };
  });
}

function tableOf(sides, found) {
  const rows = [];
  for (const clients of CLIENTS) {
    const of = (key, field) =>
      median(
        found
          .get(key)
          .get(clients)
          .map((one) => one[field]),
      );
    for (const [key, { label }] of sides) {
      const per = `${clients} clients, ${label}`;
      const isPeer = key !== 'forebay';
      rows.push(
        { metric: `${per}: requests/s`, value: of(key, 'perS'), unit: '' },
        { metric: `${per}: p99`, value: of(key, 'p99'), unit: 'ms' },
        { metric: `${per}: CPU per request`, value: of(key, 'cpu'), unit: 'ms' },
        ...(isPeer
          ? [
              {
                metric: `${clients} clients, Forebay / ${label}: requests/s`,
                value: of('forebay', 'perS') / of(key, 'perS'),
                unit: '',
                target: '> 1',
              },
              {
                metric: `${clients} clients, Forebay / ${label}: p99`,
                value: of('forebay', 'p99') / of(key, 'p99'),
                unit: '',
                target: '< 1',
              },
            ]
          : []),
      );
    }
  }
  return rows;
}

const dataOf = (found) =>
  Object.fromEntries([...found].map(([key, byClients]) => [key, Object.fromEntries(byClients)]));

const graphOf = () => join(modelFolder(MODEL), 'model.onnx');

async function startForebay() {
  const { url, pid, stop } = await startService({ models: [modelFolder(MODEL)] });
  return { url: `${url}/v1/models/${MODEL}/predict`, pid, stop };
}

/** The photos as JSON, for servers that take no files. */
function jsonBodies(folder, files) {
  const forms = {
    json: (image) => ({ image }),
    oip: (image) => ({ inputs: [{ name: 'image', shape: [1, 1], datatype: 'BYTES', data: [image] }] }),
  };
  const write = (name, form) =>
    files.map((file, i) => {
      const path = join(folder, `${name}-${i}.json`);
      writeFileSync(path, JSON.stringify(form(readFileSync(file).toString('base64'))));
      return path;
    });
  return Object.fromEntries(Object.entries(forms).map(([name, form]) => [name, write(name, form)]));
}
