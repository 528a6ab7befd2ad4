/**
 * Compares jobs whose input and output lie on S3 with jobs over the same files in a local folder. The server is on this
 * machine, and its own CPU is not counted. One service runs both kinds of jobs in turns.
 */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { READS_AT_ONCE } from '../dist/workers/settings/plan-lanes.js';
import { inTurns } from './harness/in-turns.js';
import { modelFolder } from './harness/model-folder.js';
import { cpuSeconds, machineSeconds, roleOf, treeOf } from './harness/processes.js';
import { Unavailable } from './harness/places.js';
import { inScratch } from './harness/scratch.js';
import { finished, startService } from './harness/service.js';
import { geometricRatio, median, pairedRatio } from './harness/statistics.js';
import { SUBJECTS } from './harness/subjects.js';
import { startSeaweedfs } from './s3/seaweedfs.js';

export const name = 's3';
export const title = 'Rows and results on S3';
export const proves = 'What it costs the API, the worker and its lanes if rows and results are on S3.';
export const defaults = { runs: 5, seconds: 8, quick: { runs: 1, seconds: 2 } };

/** `rate`: approximate rows per second on a machine with two cores. */
const JOBS = [
  { subject: SUBJECTS['mobilenetv2'], rate: 100 },
  { subject: SUBJECTS['digits-small'], rate: 1500 },
];
const TARGET = '>= 0.85';
/** Without Redis and the launcher, which do the same for both. */
const ROLES = ['api', 'worker', 'lanes'];

export async function run({ log, runs, seconds, subjects }) {
  const jobs = JOBS.filter(({ subject }) => subjects.includes(subject));
  if (jobs.length === 0) {
    throw new Unavailable(`only ${JOBS.map(({ subject }) => subject.name).join(' and ')} are measured`);
  }
  return inScratch(async (folder) => {
    const data = join(folder, 'data');
    mkdirSync(data);
    const server = await startSeaweedfs(data);
    try {
      const found = [];
      for (const { subject, rate } of jobs) {
        const count = Math.round(rate * seconds);
        found.push(await compare({ server, subject, count, folder, runs, log }));
      }
      return {
        rows: found.flatMap((one) => one.rows),
        notes: found.flatMap((one) => one.notes),
        data: Object.fromEntries(found.map(({ subject, turns, get }) => [subject, { ...turns, get }])),
      };
    } finally {
      await server.stop();
    }
  });
}

async function compare({ server, subject, count, folder, runs, log }) {
  const local = copies(subject.rows(count), join(folder, subject.name));
  const remote = await server.upload(subject.name, local.paths);
  const service = await startService({
    models: [modelFolder(subject.name)],
    inputs: [local.folder, server.root],
    flags: ['--output-root', join(folder, 'out'), '--output-root', `${server.root}out`],
    env: { ...server.env, REDIS_URL: undefined },
  });
  let jobs = 0;
  const job = (input, outputs) => async () =>
    measure(service, {
      model: subject.name,
      input: { type: 'files', path: input },
      output: { path: `${outputs}/${subject.name}-${(jobs += 1)}` },
    });
  const variants = {
    local: job(local.folder, join(folder, 'out')),
    s3: job(remote, `${server.root}out`),
  };
  try {
    // The first jobs load models and clients, and compile code.
    for (const variant of Object.values(variants)) await variant();
    const turns = await inTurns({
      runs,
      log: (text) => log(`${subject.name}, ${text}`),
      show: (one) => `${(one.cpuMs * 1000).toFixed(0)} us CPU per row, ${one.rate.toFixed(0)} rows/s`,
      variants,
    });
    const get = await bareGets(server, remote, local.folder);
    return { subject: subject.name, turns, get, ...figuresOf(subject.title, turns, count, get) };
  } finally {
    await service.stop();
  }
}

/** Each file under a name of its own, in one folder. */
function copies(files, folder) {
  mkdirSync(folder, { recursive: true });
  const paths = files.map((file, i) => join(folder, `${String(i).padStart(6, '0')}-${basename(file)}`));
  for (const [i, path] of paths.entries()) copyFileSync(files[i], path);
  return { folder, paths };
}

/** CPU of a GET by a program that does nothing else. */
async function bareGets({ env }, remote, folder) {
  const program = fileURLToPath(new URL('s3/bare-gets.js', import.meta.url));
  const options = {
    origin: env.AWS_ENDPOINT_URL,
    prefix: remote.slice('s3:/'.length),
    folder,
    user: env.AWS_ACCESS_KEY_ID,
    region: env.AWS_REGION,
    atOnce: READS_AT_ONCE,
  };
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(options)]);
  return JSON.parse(stdout);
}

/** CPU of the whole job, from before its submit until its end. */
async function measure({ client, pid }, body) {
  const pids = treeOf(pid);
  const rolesAt = () =>
    Object.fromEntries(ROLES.map((role) => [role, cpuSeconds(pids.filter((one) => roleOf(one) === role))]));
  const before = rolesAt();
  const machine = machineSeconds();
  const started = performance.now();
  const { id } = await client.submit(body);
  const { rows } = await finished(client, id);
  const wall = (performance.now() - started) / 1000;
  const after = rolesAt();
  const total = rows.succeeded;
  const byRole = Object.fromEntries(
    ROLES.map((role) => [role, ((after[role] - before[role]) * 1000) / total]),
  );
  return {
    byRole,
    cpuMs: ROLES.reduce((sum, role) => sum + byRole[role], 0),
    rate: total / wall,
    machineCores: (machineSeconds() - machine) / wall,
  };
}

function figuresOf(label, { local, s3 }, count, get) {
  // Rows per CPU second are the inverse of the CPU time of a row.
  const [there, here] = [local, s3].map((all) => all.map(({ cpuMs }) => cpuMs));
  const us = (all, pick) => median(all.map(pick)) * 1000;
  const role = (all, name) => us(all, (one) => one.byRole[name]);
  // Lanes open local files by themselves, and get bytes from S3.
  const leastUs = role(local, 'api') + role(local, 'worker') + role(s3, 'lanes') + get.signed;
  return {
    rows: [
      {
        metric: `${label}: rows per CPU second, S3 / local`,
        value: 1000 / median(here),
        unit: 'rows/CPU s',
        ratio: pairedRatio(there, here).median,
        interval: geometricRatio(there, here).interval,
        target: TARGET,
      },
      ...ROLES.map((name) => ({
        metric: `${label}: CPU per row on S3, ${name} (local ${role(local, name).toFixed(0)})`,
        value: role(s3, name),
        unit: 'us',
      })),
      { metric: `${label}: CPU per GET of undici alone, signed before`, value: get.ready, unit: 'us' },
      { metric: `${label}: CPU per GET of undici alone, with signing`, value: get.signed, unit: 'us' },
      {
        metric: `${label}: S3 / local, if a row on S3 cost only that GET more`,
        value: (median(there) * 1000) / leastUs,
        unit: '',
      },
    ],
    notes: [
      `${label}: ${count} rows per job; ratios ${pairedRatio(there, here)
        .ratios.map((one) => one.toFixed(3))
        .join(', ')}; ` +
        `all programs used ${median([...local, ...s3].map((one) => one.machineCores)).toFixed(1)} cores.`,
    ],
  };
}
