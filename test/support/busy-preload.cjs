// A preload that behaves like an APM agent. It prints, listens, keeps timers, and loads much code into every thread.
const { createServer } = require('node:http');
require('undici');
process.stdout.write('agent: started\n');
createServer().listen(0, '127.0.0.1');
setInterval(() => {}, 1000);
