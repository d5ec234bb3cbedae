import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure, reasonOf } from './failure.ts';
import type { Terminal } from './terminal.ts';

export const snapshotCommand: Command = {
  name: 'snapshot',
  summary: 'Make APIResourceSchemas of CustomResourceDefinitions',
  usage: '-f FILE --prefix PREFIX [flags]',
  details: [
    'Prints one APIResourceSchema for every definition that is read; nothing is sent to a server. Files may hold several\n' +
      'documents and lists, and may be in JSON.',
    'For an API whose objects are written in every region, and merged, add the annotation\n' +
      'planet.antipode.dev/consistency: Convergent to the schemas before they are created.',
  ],
  flags: {
    filename: {
      type: 'string',
      short: 'f',
      placeholder: 'FILE',
      description: 'The file, or the folder of files, of the definitions; - is standard input',
    },
    prefix: {
      type: 'string',
      placeholder: 'PREFIX',
      description: 'What names begin with, before <plural>.<group>: a version or a date',
    },
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      default: 'yaml',
      values: ['yaml', 'json'],
      description: 'The form of the schemas',
    },
  },
  positionals: [],
  examples: [
    { does: 'Of a file', line: 'kubectl kcp crd snapshot -f crds.yaml --prefix v1' },
    {
      does: 'Of what a cluster has',
      line: 'kubectl get crds -o yaml | kubectl kcp crd snapshot -f - --prefix today',
    },
  ],
  run: snapshot,
};

async function snapshot({ flags }: Invocation, terminal: Terminal): Promise<number> {
  const { filename, prefix } = flags;
  const missing = [
    ...(typeof filename === 'string' && filename !== '' ? [] : ['--filename is required']),
    ...(typeof prefix === 'string' && prefix !== '' ? [] : ['--prefix is required']),
  ];
  if (typeof filename !== 'string' || typeof prefix !== 'string' || missing.length > 0) {
    throw new UsageError(missing.length > 1 ? `[${missing.join(', ')}]` : String(missing[0]));
  }
  if (!/^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(prefix)) {
    throw new UsageError(
      `--prefix takes lower-case letters, digits and inner hyphens, and begins with a letter, such as v1, but "${prefix}" does not`,
    );
  }
  const [{ apiResourceSchemaOf }, { documentsIn }, { encodeJson, encodeYaml }] = await Promise.all([
    import('./api-resource-schema.ts'),
    import('./manifest.ts'),
    import('../machinery/mod.ts'),
  ]);
  // All are made before any is printed, so that what is piped on is complete or nothing.
  const schemas = (await inputs(filename, terminal)).flatMap(({ name, text }) =>
    documentsIn(text, name).map((document) => apiResourceSchemaOf(document, prefix)),
  );
  if (schemas.length === 0)
    throw new Failure(
      `there is no CustomResourceDefinition in ${filename === '-' ? 'standard input' : filename}`,
    );
  for (const schema of schemas) {
    terminal.out(flags['output'] === 'json' ? `${encodeJson(schema)}\n` : encodeYaml(schema));
    terminal.out('---\n');
  }
  return exitCode.done;
}

interface Input {
  readonly name: string;
  readonly text: string;
}

async function inputs(filename: string, terminal: Terminal): Promise<readonly Input[]> {
  if (filename === '-') return [{ name: 'standard input', text: await terminal.input() }];
  try {
    const isFolder = (await stat(filename)).isDirectory();
    const files = isFolder ? await manifestsIn(filename) : [filename];
    return await Promise.all(files.map(async (name) => ({ name, text: await readFile(name, 'utf8') })));
  } catch (error) {
    throw new Failure(`error opening ${filename}: ${reasonOf(error)}`, { cause: error });
  }
}

async function manifestsIn(folder: string): Promise<readonly string[]> {
  const names = (await readdir(folder)).filter((name) => ['.yaml', '.yml', '.json'].includes(extname(name)));
  return names.sort().map((name) => join(folder, name));
}
