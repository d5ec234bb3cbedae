/** A selector of labels as the API has it. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
    readonly values?: readonly string[];
  }[];
}

const KEY = '(?:[A-Za-z0-9.-]{1,253}/)?[A-Za-z0-9](?:[\\w.-]{0,61}[A-Za-z0-9])?';
const VALUE = '(?:[A-Za-z0-9](?:[\\w.-]{0,61}[A-Za-z0-9])?)?';

/** Reads a selector as kubectl takes it: `region=eu,tier in (a, b),!spare`. Throws a plain error that says what is wrong. */
export function parseLabelSelector(text: string): LabelSelector {
  const labels: Record<string, string> = {};
  const expressions: NonNullable<LabelSelector['matchExpressions']>[number][] = [];
  // Commas within parentheses separate values, all others requirements.
  for (const part of text.split(/,(?![^(]*\))/).map((item) => item.trim())) {
    if (part === '') continue;
    const equal = match(`(${KEY})\\s*==?\\s*(${VALUE})`, part);
    const unequal = match(`(${KEY})\\s*!=\\s*(${VALUE})`, part);
    const set = match(`(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)`, part);
    const exists = match(`(!?)\\s*(${KEY})`, part);
    if (equal?.[1] !== undefined) labels[equal[1]] = equal[2] ?? '';
    else if (unequal?.[1] !== undefined) {
      expressions.push({ key: unequal[1], operator: 'NotIn', values: [unequal[2] ?? ''] });
    } else if (set?.[1] !== undefined) {
      const values = (set[3] ?? '').split(',').map((value) => value.trim());
      const wrong = values.find((value) => match(`(${VALUE})`, value) === null);
      if (wrong !== undefined) throw new Error(`${JSON.stringify(wrong)} is no value of a label`);
      expressions.push({ key: set[1], operator: set[2] === 'in' ? 'In' : 'NotIn', values });
    } else if (exists?.[2] !== undefined) {
      expressions.push({ key: exists[2], operator: exists[1] === '!' ? 'DoesNotExist' : 'Exists' });
    } else throw new Error(`${JSON.stringify(part)} is no requirement such as region=eu or tier in (a,b)`);
  }
  return {
    ...(Object.keys(labels).length === 0 ? {} : { matchLabels: labels }),
    ...(expressions.length === 0 ? {} : { matchExpressions: expressions }),
  };
}

function match(pattern: string, text: string): RegExpExecArray | null {
  return new RegExp(`^${pattern}$`).exec(text);
}
