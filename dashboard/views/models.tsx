/** All models: their state, what they need, and whether batches change answers. */
import { useState } from 'preact/hooks';
import type { ModelWire } from '../../src/api/http/wire/model.ts';
import { bytes, count, duration, when } from '../format.ts';
import { Problem } from '../parts/problem.tsx';
import { Status } from '../parts/progress.tsx';
import { TryModel } from '../parts/try-model.tsx';
import { service } from '../service.ts';
import { Words } from '../parts/words.tsx';
import { usePoll } from '../use-poll.ts';

export function ModelsView() {
  const { data, error, refresh } = usePoll('models', 3000, async () => service().models());
  return (
    <>
      <h1 tabIndex={-1}>Models</h1>
      <Problem error={error} />
      {data?.data.length === 0 && (
        <p class="muted">There are no models. Put model folders into the models folder.</p>
      )}
      <div class="tiles">
        {data?.data.map((model) => (
          <ModelCard key={`${model.name} ${model.hash}`} model={model} onDone={refresh} />
        ))}
      </div>
    </>
  );
}

function ModelCard({ model, onDone }: { model: ModelWire; onDone: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const title = model.version === null ? model.name : `${model.name}@${model.version}`;
  const ask = (verb: 'loadModel' | 'unloadModel') => {
    service()
      [verb](title)
      .then(
        () => setError(null),
        (failure: unknown) => setError(failure),
      )
      .finally(onDone);
  };
  const invariance = model.batch_invariance;
  return (
    <article>
      <h2>{title}</h2>
      <p>
        <Status status={model.status} />{' '}
        {model.aliases.map((alias) => (
          <span key={alias} class="status">
            {alias}
          </span>
        ))}
      </p>
      {model.problem && (
        <p class="problem">
          <code>{model.problem.code}</code> <Words text={model.problem.message} />
        </p>
      )}
      <dl>
        <dt>task</dt>
        <dd>{model.task ?? '–'}</dd>
        <dt>pool</dt>
        <dd>{model.pool ?? '–'}</dd>
        <dt>lanes</dt>
        <dd>
          {count(model.lanes)}, workers: {count(model.workers)}
        </dd>
        <dt>rows per call</dt>
        <dd>
          {count(model.batch_size)}
          {model.tuned_at !== null && ' (tuned)'}
        </dd>
        <dt>runs on</dt>
        <dd>{model.providers?.join(', ') ?? '–'}</dd>
        <dt>memory per lane</dt>
        <dd>{model.memory ? bytes(model.memory.model_bytes + model.memory.batch_bytes) : '–'}</dd>
        <dt>answers</dt>
        <dd>
          {count(model.use?.rows ?? 0)}
          {model.use !== null && model.use.failed > 0 && `, ${count(model.use.failed)} failed`}
          {model.use !== null && <small>last at {when(model.use.last_at)}</small>}
        </dd>
        <dt>latency</dt>
        <dd>
          {model.use === null ? '–' : `${duration(model.use.row_ms / 1000)} per row`}
          {model.use !== null && <small>{duration(model.use.batch_ms / 1000)} per batch in a lane</small>}
        </dd>
        <dt>batches</dt>
        <dd>
          {invariance ? invariance.verdict.replaceAll('_', ' ') : 'not probed yet'}
          {invariance?.advice !== null && invariance?.advice !== undefined && (
            <small>
              <Words text={invariance.advice} />
            </small>
          )}
        </dd>
      </dl>
      {model.graph !== null && (
        <details>
          <summary>Signature</summary>
          <pre>{JSON.stringify(model.graph, null, 2)}</pre>
        </details>
      )}
      {model.problem === null && <TryModel model={model} title={title} />}
      <div class="actions">
        <button onClick={() => ask('loadModel')} disabled={model.status === 'serving'}>
          Load
        </button>
        <button onClick={() => ask('unloadModel')} disabled={model.status !== 'serving'}>
          Unload
        </button>
        <Problem error={error} />
      </div>
    </article>
  );
}
