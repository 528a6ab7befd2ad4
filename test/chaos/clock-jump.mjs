// A hook that NODE_OPTIONS loads into a process. On SIGUSR2, it shifts the process's wall clock by the milliseconds in
// the file CHAOS_CLOCK_FILE. Timers and performance.now() continue undisturbed, as they do when a real clock is set.
import { readFileSync } from 'node:fs';

const RealDate = Date;
let shift = 0;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, self) =>
    Reflect.construct(target, args.length === 0 ? [RealDate.now() + shift] : args, self),
  apply: (target) => target(),
  get: (target, name) => (name === 'now' ? () => RealDate.now() + shift : Reflect.get(target, name)),
});
process.on('SIGUSR2', () => {
  shift = Number(readFileSync(process.env.CHAOS_CLOCK_FILE, 'utf8'));
});
