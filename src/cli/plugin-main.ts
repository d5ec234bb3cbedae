import { exitCode } from './exit-code.ts';
import { plugins } from './plugins.ts';
import { runProgram } from './program.ts';
import { flushProcessTerminal, processTerminal, type Terminal } from './terminal.ts';

/** A whole plugin: runs `file` (such as `kubectl-ws`) with these arguments, and ends the process with its exit code. */
export async function pluginMain(file: string, argumentList: readonly string[]): Promise<never> {
  const terminal = processTerminal();
  const code = await runPlugin(file, argumentList, terminal);
  await flushProcessTerminal();
  process.exit(code);
}

const COMPLETION = 'kubectl_complete-';

/**
 * Runs a plugin and resolves to its exit code. `kubectl_complete-ws` is what kubectl's own shell completion runs for
 * `kubectl-ws`. Never rejects: errors are printed.
 */
export async function runPlugin(
  file: string,
  argumentList: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    if (file.startsWith(COMPLETION)) {
      const plugin = pluginOf(`kubectl-${file.slice(COMPLETION.length)}`);
      const { complete } = await import('./plugin-completion.ts');
      terminal.out(await complete(plugin, argumentList, terminal));
      return exitCode.done;
    }
    const { title, target } = pluginOf(file);
    return await runProgram(title, target, argumentList, terminal);
  } catch (error) {
    const { report } = await import('./report.ts');
    return report(error, terminal);
  }
}

function pluginOf(file: string): (typeof plugins)[number] {
  const plugin = plugins.find((candidate) => candidate.file === file);
  if (plugin === undefined) throw new Error(`there is no plugin ${file}`);
  return plugin;
}
