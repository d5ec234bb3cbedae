/** A double as Go's `%g` and `%v` write it: shortest digits, an exponent from 1e+06 on and below 1e-4. */
export function doubleText(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < exponentMin) return plainText(value);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

/** Go's shortest form begins to use an exponent here. */
const exponentMin = 6;

/** A double without an exponent, as Go's format 'f' with the fewest digits. */
export function plainText(value: number): string {
  const text = String(value);
  if (!text.includes('e')) return text;
  const [mantissa, exponentText] = text.split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent > 0) return BigInt(value).toString();
  const isNegative = mantissa.startsWith('-');
  const digits = mantissa.replace('-', '').replace('.', '');
  return `${isNegative ? '-' : ''}0.${'0'.repeat(-exponent - 1)}${digits}`;
}
