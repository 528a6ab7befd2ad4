/** What results that hold only on this kind of processor are filed under. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';

/** 12 hex digits over platform, architecture, processor model and its instruction sets. */
export function machineKey(): string {
  const facts = [platform(), arch(), cpus()[0]?.model ?? '', instructionSets()];
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 12);
}

/** Linux: the first core's flags. A hypervisor may hide some, so the model's name does not tell them. */
function instructionSets(): string {
  try {
    return /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
}
