// A process that runs `forebay` commands. Each message holds the arguments of one, and its answer is sent back.
import { runProgram } from '#forebay/cli/program.js';
import { createTerminal } from '#forebay/cli/terminal.js';

process.on('message', (argv) => void answer(argv));

async function answer(argv) {
  let [out, err] = ['', ''];
  const terminal = createTerminal({
    out: (text) => {
      out += text;
      return true;
    },
    drained: async () => undefined,
    err: (text) => (err += text),
    isOutShown: false,
    live: false,
    columns: () => 80,
  });
  const connect = () => {
    throw new Error('this process runs no commands that call a service');
  };
  const { env } = process;
  const context = { terminal, env, cwd: process.cwd(), argv, program: 'forebay', connect };
  const code = await runProgram(context, '1.2.3');
  process.send({ code, out, err });
}
