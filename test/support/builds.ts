import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run } from './run.ts';

const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url));
/** A compiler on a machine that does something else. */
const BUILD_TIMEOUT_MS = 300_000;

/** The program of another commit than the one that is checked out. */
export interface FormerBuild {
  readonly commit: string;
  /** What `dist/bin/antipode` loads. */
  readonly main: string;
}

/** The commit before this one, if the checkout has it: a shallow clone and an unpacked archive do not. */
export async function commitBefore(): Promise<string | undefined> {
  const asked = await run('git', ['-C', REPOSITORY, 'rev-parse', '--verify', '--quiet', 'HEAD^1^{commit}'], {
    timeoutMs: 10_000,
  }).catch(() => undefined);
  return asked?.code === 0 ? asked.stdout.trim() : undefined;
}

/** Builds a commit in a folder, with the dependencies that are installed here. */
export async function buildCommit(commit: string, folder: string): Promise<FormerBuild> {
  const archive = join(folder, 'source.tar');
  await succeed('git', ['-C', REPOSITORY, 'archive', '--output', archive, commit]);
  await succeed('tar', ['-xf', archive, '-C', folder]);
  await build(folder);
  return { commit, main: join(folder, 'dist/cli/main.js') };
}

/** Copies what a build needs into a folder, to be changed there before it is built. */
export async function copySources(folder: string): Promise<void> {
  for (const part of ['src', 'proto', 'deploy', 'package.json', 'tsconfig.json', 'rolldown.config.mjs'])
    await cp(join(REPOSITORY, part), join(folder, part), { recursive: true });
}

/** Builds the sources in a folder, with the dependencies that are installed here. */
export async function build(folder: string): Promise<void> {
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  await succeed('npm', ['run', 'build'], folder);
}

/** One program that members of some regions run as another build than the others, as long as a file says so. */
export class MixedProgram {
  readonly path: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.path = join(folder, 'dist/bin/antipode');
  }

  static async create(): Promise<MixedProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'antipode-mixed-'));
    await mkdir(join(folder, 'dist'));
    for (const part of ['dist', 'proto', 'package.json'])
      await cp(join(REPOSITORY, part), join(folder, part), { recursive: true });
    await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
    const program = new MixedProgram(folder);
    await program.run({});
    // import() alone: a file without extension is CommonJS to some versions of Node.js 20, and a module to others.
    await writeFile(
      program.path,
      `import('node:fs').then(async ({ readFileSync }) => {
  const words = process.argv.slice(2);
  const regions = JSON.parse(readFileSync(${JSON.stringify(program.#choices)}, 'utf8'));
  const former = words[0] === 'start' ? regions[words[words.indexOf('--region') + 1]] : undefined;
  if (words[0] === 'start') console.error('this member runs ' + (former ?? 'this version'));
  (await import(former ?? '../cli/main.js')).main(words);
});
`,
    );
    return program;
  }

  /** What the members of regions run when they are started the next time; this version where nothing is said. */
  run(builds: Readonly<Record<string, FormerBuild>>): Promise<void> {
    const mains = Object.entries(builds).map(([region, { main }]) => [region, pathToFileURL(main).href]);
    return writeFile(this.#choices, JSON.stringify(Object.fromEntries(mains)));
  }

  get #choices(): string {
    return join(this.#folder, 'regions.json');
  }

  remove(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

async function succeed(command: string, args: readonly string[], directory?: string): Promise<void> {
  const options = { timeoutMs: BUILD_TIMEOUT_MS, ...(directory === undefined ? {} : { directory }) };
  const { code, stdout, stderr } = await run(command, args, options);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
}
