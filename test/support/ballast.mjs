// A process that slowly takes memory until it gets a message. It keeps the memory until its parent disconnects.
const STEP = 2 * 2 ** 20;
const held = [];
const growing = setInterval(() => held.push(Buffer.alloc(STEP, 1)), 100);
process.once('message', () => clearInterval(growing));
process.once('disconnect', () => process.exit());
