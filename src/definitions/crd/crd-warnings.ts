import { goQuote, isKnownFormat, type KubeObject, visitSchema } from '../../machinery/mod.ts';
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
      const { type, format } = node;
      // As upstream, which asks only for the formats of strings.
      if (type === 'string' && typeof format === 'string' && format !== '' && !isChecked(format)) {
        formats.add(format);
      }
    });
  }
  return [...formats];
}

// Known since this release, and therefore not to a cluster that may still go back to the one before.
const NEW_FORMATS: readonly string[] = ['k8s-short-name', 'k8s-long-name'];

function isChecked(format: string): boolean {
  return isKnownFormat(format) && !NEW_FORMATS.includes(format);
}
