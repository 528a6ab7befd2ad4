/** Which rows are shown, and how. */
import type { RowFilter } from './marks.ts';

export type Look = 'pictures' | 'table';

interface Given {
  readonly filter: RowFilter;
  readonly look: Look;
  /** Labels to choose from. Others can be typed. */
  readonly labels: readonly string[];
  readonly onFilter: (filter: RowFilter) => void;
  readonly onLook: (look: Look) => void;
}

/** A change takes effect on Enter, or when its field loses focus. Each one reads the rows again. */
export function FilterForm({ filter, look, labels, onFilter, onLook }: Given) {
  return (
    <form class="filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Show as
        <select value={look} onChange={(event) => onLook(event.currentTarget.value as Look)}>
          <option value="pictures">pictures and texts</option>
          <option value="table">table</option>
        </select>
      </label>
      <label>
        Label
        <input
          list="result-labels"
          placeholder="any"
          defaultValue={filter.label}
          onChange={(event) => onFilter({ ...filter, label: event.currentTarget.value.trim() })}
        />
      </label>
      <label>
        Score at least
        <input
          type="number"
          min="0"
          max="1"
          step="0.05"
          defaultValue={String(filter.least)}
          onChange={(event) => onFilter({ ...filter, least: leastOf(event.currentTarget.valueAsNumber) })}
        />
      </label>
      <datalist id="result-labels">
        {labels.map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
    </form>
  );
}

/** An empty field has no number. */
function leastOf(value: number): number {
  return Number.isFinite(value) ? Math.max(0, value) : 0;
}
