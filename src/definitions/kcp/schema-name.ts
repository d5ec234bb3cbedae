/** What the name of an APIResourceSchema says. */
export interface SchemaName {
  readonly prefix: string;
  readonly resource: string;
  /** Empty for the core group, which is `core` in the name. */
  readonly group: string;
}

/** `<prefix>.<resource>.<group>`; undefined for what has fewer than three parts. */
export function parseSchemaName(name: string): SchemaName | undefined {
  const [prefix, resource, ...rest] = name.split('.');
  if (prefix === undefined || resource === undefined || rest.length === 0) return undefined;
  const group = rest.join('.');
  return { prefix, resource, group: group === CORE ? '' : group };
}

/** How the core group is called in names of schemas and of bound CRDs. */
export const CORE = 'core';
