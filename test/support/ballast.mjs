// Takes memory slowly, in a process of its own, until it is told that it is enough; keeps it until it is ended.
const STEP = 2 * 2 ** 20;
const held = [];
const growing = setInterval(() => held.push(Buffer.alloc(STEP, 1)), 100);
process.once('message', () => clearInterval(growing));
process.once('disconnect', () => process.exit());
