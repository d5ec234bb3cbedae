/**
 * @typedef {object} Row One measured number.
 * @property {string} name
 * @property {number} value
 * @property {'ms' | 'µs' | 'MB' | '/s' | 's' | '%'} unit
 * @property {{ readonly atLeast: number } | { readonly atMost: number }} [target]
 * @property {string} [note] What else is worth knowing, in a few words.
 */

/** @param {Row} row @returns {boolean | undefined} Undefined if there is no target. */
export function isReached(row) {
  if (row.target === undefined) return undefined;
  return 'atLeast' in row.target ? row.value >= row.target.atLeast : row.value <= row.target.atMost;
}

/** The rows as a table for people. @param {readonly Row[]} rows */
export function tableText(rows) {
  const lines = [['', 'measured', 'target', '', '']];
  for (const row of rows) {
    const reached = isReached(row);
    lines.push([
      row.name,
      withUnit(row.value, row.unit),
      targetText(row),
      reached === undefined ? '' : reached ? 'pass' : 'MISS',
      row.note ?? '',
    ]);
  }
  const widths = [0, 1, 2, 3].map((column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map(([name, value, target, verdict, note]) =>
      [
        name.padEnd(widths[0]),
        value.padStart(widths[1]),
        target.padStart(widths[2]),
        verdict.padEnd(widths[3]),
        note,
      ]
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** @param {number} value @param {string} unit */
export function withUnit(value, unit) {
  if (Number.isNaN(value)) return 'not known';
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  const text = value.toLocaleString('en-US', { maximumFractionDigits: digits });
  return unit.startsWith('/') ? `${text}${unit}` : `${text} ${unit}`;
}

function targetText(row) {
  if (row.target === undefined) return '';
  if ('atLeast' in row.target) return `>= ${withUnit(row.target.atLeast, row.unit)}`;
  return `<= ${withUnit(row.target.atMost, row.unit)}`;
}
