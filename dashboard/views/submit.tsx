/** A form for a new job, with the plan that the service makes of it. */
import { useState } from 'preact/hooks';
import type { PlanWire } from '../../src/api/http/wire/plan.ts';
import { PlanView } from '../parts/plan.tsx';
import { Problem } from '../parts/problem.tsx';
import { EMPTY, INPUT_TYPES, toBody, type Fields, type InputType } from '../parts/submit-body.ts';
import { jobLink } from '../route.ts';
import { service } from '../service.ts';
import { usePoll } from '../use-poll.ts';

export function SubmitView() {
  const models = usePoll('models', 10_000, async () => service().models());
  const [fields, setFields] = useState<Fields>(EMPTY);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState<'plan' | 'submit' | null>(null);
  const [plan, setPlan] = useState<PlanWire | null>(null);
  const set = (change: Partial<Fields>) => setFields((before) => ({ ...before, ...change }));
  const names = [
    ...new Set(
      models.data?.data.map(({ name, version }) => (version === null ? name : `${name}@${version}`)),
    ),
  ];
  const isTyped = fields.type === 'urls' || fields.type === 'inline';

  async function act(what: 'plan' | 'submit'): Promise<void> {
    setBusy(what);
    setPlan(null);
    try {
      const body = toBody(fields);
      if (what === 'plan') setPlan(await service().plan(body));
      else location.hash = jobLink((await service().submit(body)).id);
      setError(null);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(null);
    }
  }

  const text = (name: keyof Fields, more: object = {}) => (
    <input value={fields[name]} onInput={(event) => set({ [name]: event.currentTarget.value })} {...more} />
  );
  return (
    <>
      <h1 tabIndex={-1}>New job</h1>
      <Problem error={models.error} />
      <form
        class="fields"
        onSubmit={(event) => {
          event.preventDefault();
          void act('submit');
        }}
      >
        <label>
          Model
          <select
            required
            value={fields.model}
            onChange={(event) => set({ model: event.currentTarget.value })}
          >
            <option value="">choose a model</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Input
          <select
            value={fields.type}
            onChange={(event) => set({ type: event.currentTarget.value as InputType })}
          >
            {Object.entries(INPUT_TYPES).map(([type, name]) => (
              <option key={type} value={type}>
                {name}
              </option>
            ))}
          </select>
        </label>
        {isTyped ? (
          <label class="wide">
            Rows, one per line
            <textarea
              required
              rows={6}
              value={fields.rows}
              placeholder={
                fields.type === 'urls' ? 'https://host/a.jpg' : 'a text, or {"id":"a","text":"..."}'
              }
              onInput={(event) => set({ rows: event.currentTarget.value })}
            />
          </label>
        ) : (
          <label class="wide">
            Path or URL, as the service sees it
            {text('path', { required: true, placeholder: 'photos/**/*.jpg or s3://bucket/prefix/' })}
          </label>
        )}
        <label>
          Output folder
          {text('output', { placeholder: 'automatic' })}
        </label>
        <label>
          Format
          <select
            value={fields.format}
            onChange={(event) => set({ format: event.currentTarget.value as Fields['format'] })}
          >
            <option value="">automatic</option>
            <option>jsonl</option>
            <option>csv</option>
            <option>parquet</option>
          </select>
        </label>
        <label>
          At most this many rows
          {text('limit', { type: 'number', min: 1, placeholder: 'all' })}
        </label>
        <label>
          Failed rows allowed
          {text('maxErrors', { placeholder: 'any number; 100 or 1%', pattern: '[0-9.]+%?' })}
        </label>
        <label>
          Priority, 1 is first
          {text('priority', { type: 'number', min: 1, max: 100, placeholder: '50' })}
        </label>
        <label>
          Further options (JSON)
          {text('options', { placeholder: '{"top_k": 3}' })}
        </label>
        <div class="actions wide">
          <button type="submit" class="main" disabled={busy !== null}>
            {busy === 'submit' ? 'Submitting…' : 'Submit'}
          </button>
          <button
            type="button"
            disabled={busy !== null}
            onClick={(event) => {
              if (event.currentTarget.form?.reportValidity() === true) void act('plan');
            }}
          >
            {busy === 'plan' ? 'Measuring a sample…' : 'Show the plan'}
          </button>
        </div>
      </form>
      <Problem error={error} />
      {plan && <PlanView plan={plan} />}
    </>
  );
}
