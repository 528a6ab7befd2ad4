/** Runs clients as a process of their own, and measures what a tree of processes spends on their requests. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { cpuSeconds, machineSeconds, roleOf, treeOf } from '../harness/processes.js';

const CLIENTS = fileURLToPath(new URL('./clients.js', import.meta.url));

/**
 * @param {{ url: string, files: readonly string[], type: string, clients?: number, rate?: number, seconds: number,
 *   warmUpSeconds?: number, warmUpAnswers?: number }} load as clients.js takes it
 * @param {number} server process whose tree answers
 * @param {() => void} [onMark] called when the measurement begins and when it ends
 * @returns {Promise<{ perS: number, asked: { ms: number, laneMs: number | null }[], times: number[],
 *   cpuMs: Record<string, number>, clientCores: number, otherCores: number }>} `cpuMs`: per answer, by role.
 *   `clientCores`, `otherCores`: those that the clients and other programs kept busy
 */
export async function runClients(load, server, onMark = () => {}) {
  const child = spawn(process.execPath, [CLIENTS, JSON.stringify(load)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  let said = '';
  const marks = [];
  child.stdout.on('data', (data) => (printed += String(data)));
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line === 'begin' || line === 'end') {
      marks.push({ cpu: cpuByRole(server), all: machineSeconds() });
      onMark();
    } else said += `${line}\n`;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`the clients ended with ${code}:\n${said.slice(-2000)}`);
  const { asked, seconds, cpu } = JSON.parse(printed);
  const answers = asked.length;
  const times = asked.map(({ ms }) => ms);
  const [before, after] = marks;
  const cpuMs = perAnswer(before.cpu, after.cpu, answers);
  const otherCores = (after.all - before.all - cpu) / seconds - (totalOf(cpuMs) * answers) / (1000 * seconds);
  return { perS: answers / seconds, asked, times, cpuMs, clientCores: cpu / seconds, otherCores };
}

/**
 * Has a new server answer many requests before it is measured. Node interprets code at first and compiles what runs
 * often, so the first requests take two to three times the CPU.
 */
export async function warmUp({ url, files, type }, server, most = 2000) {
  const warmUpAnswers = Math.min(2000, most);
  await runClients({ url, files, type, clients: 64, warmUpAnswers, seconds: 0.1 }, server);
}

/** @param {Readonly<Record<string, number>>} byRole */
export function totalOf(byRole) {
  return Object.values(byRole).reduce((sum, one) => sum + one, 0);
}

/**
 * CPU milliseconds per answer, by role.
 * @param {Readonly<Record<string, number>>} before @param {Readonly<Record<string, number>>} after CPU seconds by role
 * @param {number} answers
 */
export function perAnswer(before, after, answers) {
  return Object.fromEntries(
    Object.entries(after).map(([role, spent]) => [role, ((spent - (before[role] ?? 0)) * 1000) / answers]),
  );
}

/** CPU seconds so far. */
export function cpuByRole(server) {
  const found = {};
  for (const pid of treeOf(server)) {
    const role = roleOf(pid);
    found[role] = (found[role] ?? 0) + cpuSeconds([pid]);
  }
  return found;
}
