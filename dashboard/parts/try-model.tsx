/** Asks a model for one answer: drop an image or a sound, or type a text or a record. */
import { useRef, useState } from 'preact/hooks';
import type { ModelWire } from '../../src/api/http/wire/model.ts';
import type { PredictionWire } from '../../src/api/http/wire/predict.ts';
import type { ResultRow } from '../../src/api/http/wire/row.ts';
import type { PictureSize } from '../results/draw-picture.ts';
import { MarkList } from '../results/mark-list.tsx';
import { MarkedPieces } from '../results/marked-pieces.tsx';
import { marksOf, NO_FILTER } from '../results/marks.ts';
import { RowPicture } from '../results/row-picture.tsx';
import { factsOf } from '../results/use-model-facts.ts';
import { service } from '../service.ts';
import { Problem } from './problem.tsx';

const SIZE: PictureSize = { side: 900, font: 22 };
const MOST_MARKS = 20;
const MOST_ANSWER = 20_000;

/** What was asked. `picture`: null if it is not an image. `text`: null if it is a file. */
interface Asked {
  readonly name: string;
  readonly picture: Blob | null;
  readonly text: string | null;
}

type Attempt =
  | { readonly is: 'none' }
  | { readonly is: 'waiting' }
  | { readonly is: 'failed'; readonly error: unknown }
  | { readonly is: 'answered'; readonly asked: Asked; readonly row: ResultRow; readonly ms: number };

export function TryModel({ model, title }: { model: ModelWire; title: string }) {
  const [attempt, setAttempt] = useState<Attempt>({ is: 'none' });
  const attempts = useRef(0);
  const { input } = model;
  if (input === null) return null;

  async function ask(asked: Asked, predict: () => Promise<PredictionWire>): Promise<void> {
    const index = ++attempts.current;
    const latest = () => index === attempts.current;
    setAttempt({ is: 'waiting' });
    const began = performance.now();
    try {
      const answer = await predict();
      const ms = performance.now() - began;
      if (latest()) setAttempt({ is: 'answered', asked, row: { ...answer, index, id: asked.name }, ms });
    } catch (error) {
      if (latest()) setAttempt({ is: 'failed', error });
    }
  }

  const askFile = (file: File) =>
    ask({ name: file.name, picture: input === 'image' ? file : null, text: null }, async () =>
      service().predictOne(title, new Uint8Array(await file.arrayBuffer())),
    );
  const askText = (text: string) =>
    ask({ name: title, picture: null, text }, async () =>
      input === 'text' ? service().predictOne(title, text) : predictRecord(title, text),
    );
  return (
    <details class="try">
      <summary>Try it</summary>
      {input === 'image' || input === 'audio' ? (
        <FileField kind={input} onFile={(file) => void askFile(file)} />
      ) : (
        <TextField isRecord={input !== 'text'} onText={(text) => void askText(text)} />
      )}
      <div aria-live="polite">
        {attempt.is === 'waiting' && <p class="muted">Waiting for the answer…</p>}
        {attempt.is === 'failed' && <Problem error={attempt.error} />}
        {attempt.is === 'answered' && <Answer model={model} {...attempt} />}
      </div>
    </details>
  );
}

async function predictRecord(title: string, text: string): Promise<PredictionWire> {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (error) {
    throw new Error(`The record is not valid JSON: ${(error as Error).message}`);
  }
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new Error('The record must be a JSON object, such as {"age": 42}.');
  }
  const { results } = await service().predict(title, { rows: [record as Record<string, unknown>] });
  const { error, id: _id, ...answer } = results[0]!;
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return answer;
}

/** A file that is chosen, dropped, or pasted with the keyboard. */
function FileField({ kind, onFile }: { kind: 'image' | 'audio'; onFile: (file: File) => void }) {
  const [isOver, setOver] = useState(false);
  const take = (files: FileList | null | undefined) => {
    if (files?.[0]) onFile(files[0]);
  };
  return (
    <label
      class={isOver ? 'drop over' : 'drop'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer?.files);
      }}
      onPaste={(event) => take(event.clipboardData?.files)}
    >
      {kind === 'image' ? 'Drop an image here, or choose one' : 'Drop a WAV or FLAC file here, or choose one'}
      <input
        type="file"
        accept={`${kind}/*`}
        onChange={(event) => {
          take(event.currentTarget.files);
          // Otherwise choosing the same file again would not be a change.
          event.currentTarget.value = '';
        }}
      />
    </label>
  );
}

function TextField({ isRecord, onText }: { isRecord: boolean; onText: (text: string) => void }) {
  const [text, setText] = useState('');
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onText(text);
      }}
    >
      <label>
        {isRecord ? 'Record (JSON)' : 'Text'}
        <textarea
          required
          rows={4}
          value={text}
          placeholder={isRecord ? '{"age": 42, "city": "Bonn"}' : ''}
          onInput={(event) => setText(event.currentTarget.value)}
        />
      </label>
      <button type="submit">Ask</button>
    </form>
  );
}

function Answer({ model, asked, row, ms }: { model: ModelWire; asked: Asked; row: ResultRow; ms: number }) {
  const { index: _index, id: _id, ...answer } = row;
  const { isUpright } = factsOf(model.config);
  return (
    <>
      <p>Answered in {ms.toFixed(ms < 10 ? 1 : 0)} ms, as this page sees it.</p>
      {asked.picture && (
        <RowPicture blob={asked.picture} row={row} filter={NO_FILTER} isUpright={isUpright} size={SIZE} />
      )}
      {asked.text !== null && row.entities !== undefined && <MarkedPieces text={asked.text} row={row} />}
      <MarkList marks={marksOf(row)} most={MOST_MARKS} />
      <details>
        <summary>Answer as JSON</summary>
        <pre class="text" tabIndex={0}>
          {JSON.stringify(answer, null, 2).slice(0, MOST_ANSWER)}
        </pre>
      </details>
    </>
  );
}
