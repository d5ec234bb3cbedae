/** One thing that is wrong with a value. `path` is empty for the value itself. */
export interface ValueFault {
  readonly path: string;
  readonly message: string;
}

/** A value does not fit its type. The message is upstream's. */
export class TypedValueError extends Error {
  override readonly name = 'TypedValueError';
  readonly faults: readonly ValueFault[];

  constructor(faults: readonly ValueFault[]) {
    super(describeFaults(faults));
    this.faults = faults;
  }
}

/** One fault as it is, several as an indented list. */
export function describeFaults(faults: readonly ValueFault[]): string {
  const texts = faults.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  return texts.length === 1 ? (texts[0] ?? '') : ['errors:', ...texts.map((text) => `  ${text}`)].join('\n');
}
