import { goQuote, isKnownFormat, type KubeObject, type Schema, visitSchema } from '../../machinery/mod.ts';
import { versionsOf } from './crd-view.ts';

/** Warnings for the Warning header: formats that nothing checks, on update only those that are new. */
export function customResourceDefinitionWarnings(crd: KubeObject, old: KubeObject | undefined): string[] {
  const known = new Set(old === undefined ? [] : unknownFormats(old));
  return unknownFormats(crd)
    .filter((format) => !known.has(format))
    .map((format) => `unrecognized format ${goQuote(format)}`);
}

function unknownFormats(crd: KubeObject): string[] {
  const formats = new Set<string>();
  for (const { schema } of versionsOf(crd)) {
    if (schema === undefined) continue;
    visitSchema(schema, (node) => {
      if (typeof node.format === 'string' && node.format !== '' && !isFormatOf(node, node.format)) {
        formats.add(node.format);
      }
    });
  }
  return [...formats];
}

function isFormatOf({ type }: Schema, format: string): boolean {
  if (type === 'integer') return format === 'int32' || format === 'int64';
  if (type === 'number') return format === 'float' || format === 'double';
  return (type === undefined || type === '' || type === 'string') && isKnownFormat(format);
}
