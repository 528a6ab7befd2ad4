/** A field that filters a list while its user types. */
export function FindField(props: {
  label: string;
  /** What can be found. */
  hint: string;
  text: string;
  onText: (text: string) => void;
}) {
  const { label, hint, text, onText } = props;
  return (
    <label>
      {label}
      <input
        type="search"
        placeholder={hint}
        value={text}
        onInput={(event) => onText(event.currentTarget.value)}
      />
    </label>
  );
}
