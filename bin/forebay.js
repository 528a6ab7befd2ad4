#!/usr/bin/env node
import { existsSync } from 'node:fs';

const main = new URL('../dist/cli/main.js', import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  end(`needs Node.js 20.19 or newer (22 or 24 recommended), and this is ${process.versions.node}.`);
} else if (existsSync(main)) {
  await import(main.href);
} else {
  end('this checkout is not built yet. Build it with: npm install (or npm run build)');
}

function end(sentence) {
  process.stderr.write(`forebay: ${sentence}\n`);
  process.exitCode = 1;
}
