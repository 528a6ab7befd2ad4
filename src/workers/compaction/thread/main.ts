/**
 * Entry of the compaction thread. compactor.ts starts it. It reads parts, sorts and encodes their rows, and writes
 * files, so that the main thread need not.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { InvariantError } from '../../../shared/errors.ts';
import { createOutputs } from '../../../shared/storage/outputs.ts';
import { createStores } from '../../../shared/stores/stores.ts';
import { writeFiles } from '../write-files.ts';
import {
  fromSent,
  toSent,
  type FromThread,
  type TaskToWrite,
  type ThreadStart,
  type ToThread,
} from './messages.ts';

interface Underway {
  readonly abort: AbortController;
  question: { readonly resolve: (may: boolean) => void; readonly reject: (error: Error) => void } | null;
}

if (parentPort === null) throw new InvariantError('the compaction thread was started as a process');
const port = parentPort;
const { stores, spillFolder } = workerData as ThreadStart;
const outputs = createOutputs(createStores(stores));
const underway = new Map<number, Underway>();

function send(message: FromThread): void {
  port.postMessage(message);
}

async function write(id: number, { spec, task, token }: TaskToWrite): Promise<void> {
  const of: Underway = { abort: new AbortController(), question: null };
  underway.set(id, of);
  const permit = async () =>
    new Promise<boolean>((resolve, reject) => {
      of.question = { resolve, reject };
      send({ type: 'permit', id });
    });
  try {
    const output = outputs.of(spec.output);
    const { signal } = of.abort;
    send({
      type: 'written',
      id,
      written: await writeFiles({ spec, task, output, token, permit, spillFolder, signal }),
    });
  } catch (error) {
    send({ type: 'failed', id, error: toSent(error) });
  } finally {
    underway.delete(id);
  }
}

port.on('message', (message: ToThread) => {
  const of = underway.get(message.id);
  switch (message.type) {
    case 'write':
      void write(message.id, message.files);
      break;
    case 'permit':
      of?.question?.resolve(message.may);
      break;
    case 'permit_failed':
      of?.question?.reject(fromSent(message.error));
      break;
    case 'abort':
      of?.abort.abort();
      break;
  }
});
