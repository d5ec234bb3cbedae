import { type Command, type Invocation, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure, reasonOf } from './failure.ts';
import { apiProviderScenario } from './quickstart/api-provider.ts';
import type { Scenario, Step, Surroundings } from './quickstart/scenario.ts';
import { workspacesScenario } from './quickstart/workspaces.ts';
import { openSession } from './session.ts';
import type { Terminal } from './terminal.ts';
import { timeoutMsOf } from './timeout-flag.ts';
import { useWorkspace } from './ws-use.ts';

export const quickstartCommand: Command = {
  name: 'quickstart',
  summary: 'Set up workspaces to try things out in',
  usage: '[flags]',
  details: [
    'api-provider makes an organization with a provider of an API and a consumer of it; workspaces makes a tree of many\n' +
      'workspaces. What exists already is kept, so that it can be run again.',
  ],
  flags: {
    scenario: {
      type: 'string',
      placeholder: 'NAME',
      default: 'api-provider',
      values: ['api-provider', 'workspaces'],
      description: 'What to set up',
    },
    'name-prefix': {
      type: 'string',
      placeholder: 'TEXT',
      default: 'quickstart',
      description: 'What the names of the workspaces begin with',
    },
    cleanup: { type: 'boolean', description: 'Delete what an earlier run has made' },
    enter: {
      type: 'boolean',
      description: 'Go to the workspace of the consumer, or of the tree, when all is done',
    },
    'with-samples': {
      type: 'boolean',
      description: 'Make an object of the API in the workspace of the consumer too',
    },
    timeout: {
      type: 'string',
      placeholder: 'DURATION',
      default: '10m',
      description: 'How long all of it may take',
    },
    'tree-depth': {
      type: 'string',
      placeholder: 'N',
      default: '3',
      description: 'How many levels the tree has at most',
    },
    'tree-count': {
      type: 'string',
      placeholder: 'N',
      default: '50',
      description: 'How many workspaces the tree has',
    },
    'tree-seed': {
      type: 'string',
      placeholder: 'N',
      default: '0',
      description: 'What decides on the form of the tree; 0 is another one each time',
    },
  },
  positionals: [],
  connects: true,
  examples: [
    {
      does: 'A provider and a consumer, and go there',
      line: 'kubectl kcp quickstart --with-samples --enter',
    },
    {
      does: 'A tree of 200 workspaces',
      line: 'kubectl kcp quickstart --scenario workspaces --tree-count 200',
    },
    { does: 'Remove it', line: 'kubectl kcp quickstart --cleanup' },
  ],
  run: quickstart,
};

async function quickstart(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags } = invocation;
  const prefix = String(flags['name-prefix']);
  const scenario = scenarioOf(invocation, prefix);
  const session = await openSession(invocation, terminal);
  const surroundings: Surroundings = {
    client: await session.client(),
    deadlineMs: Date.now() + timeoutMsOf(flags['timeout']),
    nowMs: () => Date.now(),
    say: (line) => terminal.out(`${line}\n`),
  };
  if (flags['cleanup'] === true) return cleanUp(scenario, { prefix, surroundings, invocation, terminal });
  const steps = [...scenario.steps, ...(flags['with-samples'] === true ? scenario.samples : [])];
  surroundings.say(
    `Setting up ${JSON.stringify(scenario.name)} scenario with prefix ${JSON.stringify(prefix)}...\n`,
  );
  for (const [index, step] of steps.entries()) {
    surroundings.say(`Step ${index + 1}/${steps.length}: ${step.title}...`);
    await failingAs(`step ${index + 1}/${steps.length} failed`, () => step.run(surroundings));
  }
  terminal.out(`\n${scenario.summary(flags['with-samples'] === true)}`);
  return flags['enter'] === true ? go(scenario.enters(), invocation, terminal) : exitCode.done;
}

async function cleanUp(
  scenario: Scenario,
  run: {
    readonly prefix: string;
    readonly surroundings: Surroundings;
    readonly invocation: Invocation;
    readonly terminal: Terminal;
  },
): Promise<number> {
  const { surroundings } = run;
  surroundings.say(`Cleaning up quickstart resources with prefix ${JSON.stringify(run.prefix)}...\n`);
  const steps: readonly Step[] = scenario.cleanup;
  for (const [index, step] of steps.entries()) {
    surroundings.say(`Step ${index + 1}/${steps.length}: ${step.title}...`);
    await failingAs(`cleanup of step ${JSON.stringify(step.title)}`, () => step.run(surroundings));
  }
  surroundings.say('\nCleanup complete.');
  try {
    return await go('root', run.invocation, run.terminal);
  } catch (error) {
    run.terminal.err(
      `Warning: cleanup succeeded but could not switch kubeconfig to :root: ${reasonOf(error)}\n`,
    );
    return exitCode.done;
  }
}

function go(path: string, invocation: Invocation, terminal: Terminal): Promise<number> {
  return useWorkspace(`:${path}`, invocation, terminal);
}

function scenarioOf({ flags }: Invocation, prefix: string): Scenario {
  if (prefix === '') throw new UsageError('--name-prefix must not be empty');
  const longest = `${prefix}-ws-${flags['tree-count']}`;
  if (
    !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(prefix) ||
    longest.length > NAME_LENGTH_MAX ||
    `${prefix}-provider`.length > NAME_LENGTH_MAX
  ) {
    throw new UsageError(
      `--name-prefix ${JSON.stringify(prefix)} produces invalid workspace name ${JSON.stringify(`${prefix}-org`)}`,
    );
  }
  if (flags['scenario'] !== 'workspaces') return apiProviderScenario(prefix);
  const seed = wholeNumber('tree-seed', flags['tree-seed'], 0);
  return workspacesScenario(prefix, {
    depth: wholeNumber('tree-depth', flags['tree-depth'], 1),
    count: wholeNumber('tree-count', flags['tree-count'], 0),
    seed: seed === 0 ? (Date.now() % 2 ** 31) + 1 : seed,
  });
}

const NAME_LENGTH_MAX = 63;
/** A tree of more workspaces is a benchmark, not a quick start. */
const NUMBER_MAX = 1_000_000;

function wholeNumber(flag: string, value: unknown, min: number): number {
  const text = String(value);
  const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  const max = flag === 'tree-seed' ? 2 ** 31 : NUMBER_MAX;
  if (number >= min && number <= max) return number;
  throw new UsageError(`--${flag} must be >= ${min}, got ${text}`);
}

async function failingAs(what: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(`${what}: ${error.message}`, {
      exitCode: error.exitCode,
      hint: error.hint,
      cause: error,
    });
  }
}
