/** Describes the machine and the revision that figures depend on. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { readResources } from '../../dist/workers/settings/resources.js';
import { root } from './places.js';

export function describeMachine() {
  const resources = readResources();
  const facts = {
    cpu: cpus()[0]?.model.trim() ?? process.arch,
    cores: resources.cpus,
    memory_gb: Math.round(Math.min(totalmem(), resources.memoryBytes) / 2 ** 30),
    node: process.version,
    kernel: release(),
    arch: process.arch,
  };
  return { ...facts, fingerprint: fingerprint(facts), load: loadavg()[0], revision: revisionOf(root) };
}

/** Figures with the same fingerprint are comparable. Example: `amd-epyc-2c-node20-1a2b3c`. */
function fingerprint({ cpu, cores, node, arch }) {
  const name = cpu.toLowerCase().replaceAll(/\(.*?\)|@.*|processor|cpu/g, '');
  const words = name.match(/[a-z0-9]+/g)?.slice(0, 3) ?? [arch];
  const major = node.slice(1).split('.')[0];
  const hash = createHash('sha256').update(`${cpu} ${cores} ${node} ${arch}`).digest('hex').slice(0, 6);
  return [...words, `${cores}c`, `node${major}`, hash].join('-');
}

/** The commit of a checkout, and whether its code has changed since. @param {string} checkout */
export function revisionOf(checkout) {
  try {
    const git = (...args) =>
      execFileSync('git', args, { cwd: checkout, encoding: 'utf8', stdio: 'pipe' }).trim();
    const changed = git('status', '--porcelain', '--', 'src', 'bench') === '' ? '' : ' with changes';
    return `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  } catch {
    return 'unknown';
  }
}
