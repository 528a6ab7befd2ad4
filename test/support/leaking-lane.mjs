// A lane's process that leaks 4 MB with every batch.
const emit = process.emit.bind(process);
const held = [];
process.emit = function emitWatched(event, message, ...rest) {
  if (event === 'message' && message.type === 'batch') held.push(Buffer.alloc(4 * 2 ** 20, 1));
  return emit(event, message, ...rest);
};
await import('../../dist/workers/lane/main.js');
