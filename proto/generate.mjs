/**
 * Writes src/machinery/protobuf/descriptors.gen.ts from proto/k8s: the table that the codec works
 * from, so that the server parses no .proto text. With `--check` it only says, by its exit code,
 * whether the file is up to date.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const PROTO_ROOT = fileURLToPath(new URL('.', import.meta.url));
const OUTPUT = fileURLToPath(new URL('../src/machinery/protobuf/descriptors.gen.ts', import.meta.url));
const DESCRIPTOR_PROTO = fileURLToPath(import.meta.resolve('protobufjs/google/protobuf/descriptor.proto'));
const SCALARS = new Set(['string', 'bytes', 'bool', 'int32', 'int64', 'double']);

const text = render(messagesOf(loadRoot()));
if (process.argv.includes('--check')) {
  process.exitCode = readFileSync(OUTPUT, 'utf8') === text ? 0 : 1;
} else {
  writeFileSync(OUTPUT, text);
}

function loadRoot() {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) =>
    target === 'google/protobuf/descriptor.proto' ? DESCRIPTOR_PROTO : join(PROTO_ROOT, target);
  const files = readdirSync(join(PROTO_ROOT, 'k8s'), { recursive: true })
    .filter((file) => file.endsWith('.proto'))
    .sort();
  root.loadSync(
    files.map((file) => join('k8s', file)),
    { keepCase: true },
  );
  return root.resolveAll();
}

function messagesOf(namespace) {
  const found = [];
  for (const child of namespace.nestedArray) {
    if (child instanceof protobuf.Type && child.fullName.startsWith('.k8s.')) found.push(child);
    else if (child instanceof protobuf.Namespace) found.push(...messagesOf(child));
  }
  return found.sort((a, b) => (a.fullName < b.fullName ? -1 : 1));
}

function render(messages) {
  const rows = messages.map((message) => {
    const versions = message.options?.['(antipode.api_versions)'];
    const fields = [...message.fieldsArray].sort((a, b) => a.id - b.id).map(fieldRow);
    const head = [
      `name: ${quote(shortName(message))}`,
      `form: ${quote(message.options?.['(antipode.json_form)'] ?? 'object')}`,
      `apiVersions: [${versions === undefined ? '' : versions.split(',').map(quote).join(', ')}]`,
    ];
    return `  {\n    ${head.join(',\n    ')},\n    fields: [${fields.map((row) => `\n      ${row},`).join('')}${
      fields.length > 0 ? '\n    ' : ''
    }],\n  },\n`;
  });
  return (
    '// Written by proto/generate.mjs from proto/k8s. Change those files, not this one.\n' +
    "import type { MessageRow } from './descriptor.ts';\n\n" +
    `export const MESSAGE_ROWS: readonly MessageRow[] = [\n${rows.join('')}];\n`
  );
}

function fieldRow(field) {
  field.resolve();
  const has = (name) => field.options?.[`(antipode.${name})`] === true;
  if (field.map && field.keyType !== 'string')
    throw new Error(`${field.fullName}: only text keys are supported`);
  if (field.resolvedType === null && !SCALARS.has(field.type)) {
    throw new Error(`${field.fullName}: unknown type ${field.type}`);
  }
  const shape = field.map
    ? 'map'
    : field.repeated
      ? 'list'
      : has('inline')
        ? 'inline'
        : has('pointer')
          ? 'pointer'
          : 'single';
  const type = field.resolvedType === null ? field.type : shortName(field.resolvedType);
  const cells = [
    String(field.id),
    quote(field.options?.json_name ?? field.name),
    quote(type),
    quote(shape),
    ...(has('keep') ? ["'keep'"] : []),
  ];
  return `[${cells.join(', ')}]`;
}

/** `k8s.io.api.core.v1.Secret` becomes `core.v1.Secret`: enough to tell the messages apart. */
function shortName(message) {
  return message.fullName.split('.').slice(-3).join('.');
}

function quote(value) {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
