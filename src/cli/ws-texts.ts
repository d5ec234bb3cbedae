import type { Invocation } from './command.ts';
import { printAs } from './output.ts';
import type { Terminal } from './terminal.ts';
import { parseWorkspaceUrl } from './workspace-path.ts';
import { typeText, type WorkspaceTypeReference } from './workspaces.ts';

/** Says which workspace is the current one: in a line, only its path with `--short`, or in the form of `-o`. */
export async function printCurrent(
  { server, type }: { readonly server: string; readonly type?: WorkspaceTypeReference | undefined },
  invocation: Invocation,
  terminal: Terminal,
): Promise<void> {
  const path = parseWorkspaceUrl(server)?.path;
  const value = {
    ...(path === undefined ? {} : { path }),
    url: server,
    ...(type === undefined ? {} : { type: typeText(type) }),
  };
  if (await printAs(invocation.flags['output'], value, terminal)) return;
  if (invocation.flags['short'] === true) {
    if (path !== undefined) terminal.out(`${path}\n`);
    return;
  }
  terminal.out(
    path === undefined
      ? `Current workspace is the URL ${JSON.stringify(server)}.\n`
      : `Current workspace is ${JSON.stringify(path)}.\n`,
  );
}
