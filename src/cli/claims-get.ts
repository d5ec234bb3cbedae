import {
  type ApiBinding,
  apisVersion,
  bindingsPath,
  groupResourceText,
  listBindings,
  type PermissionClaim,
} from './claims.ts';
import { ApiFailure } from './client/api-failure.ts';
import { workspaceFlag } from './client/connection-flags.ts';
import type { Command } from './command.ts';
import { exitCode } from './exit-code.ts';
import { Failure } from './failure.ts';
import { outputFlag, printAs } from './output.ts';
import { openSession, workspaceOf } from './session.ts';
import { tableText } from './table-text.ts';

export const getClaimsCommand: Command = {
  name: 'apibinding',
  summary: 'Show how the permission claims of APIBindings were answered',
  usage: '[NAME] [flags]',
  details: [],
  flags: { output: outputFlag, workspace: workspaceFlag },
  positionals: [{ placeholder: 'NAME', completes: 'binding' }],
  connects: true,
  examples: [
    { does: 'Of one APIBinding', line: 'kubectl kcp claims get apibinding cert-manager' },
    { does: 'Of all in the workspace', line: 'kubectl kcp claims get apibinding' },
  ],
  async run(invocation, terminal) {
    const session = await openSession(invocation, terminal);
    const workspace = workspaceOf(session);
    const client = await session.client();
    const version = await apisVersion(client, workspace);
    const name = invocation.positionals[0];
    const bindings = await found(
      name === undefined
        ? listBindings(client, workspace, version)
        : client
            .send<ApiBinding>(`${bindingsPath(workspace, version)}/${encodeURIComponent(name)}`)
            .then((one) => [one]),
      name === undefined
        ? `error listing APIBindings in ${JSON.stringify(workspace)} workspace`
        : 'error finding APIBinding',
    );
    const rows = bindings.flatMap((binding) =>
      (binding.spec?.permissionClaims ?? []).map((claim) => ({ binding: binding.metadata.name, claim })),
    );
    const value = rows.map(({ binding, claim }) => ({ apibinding: binding, ...claim }));
    if (await printAs(invocation.flags['output'], value, terminal)) return exitCode.done;
    const withVerbs = version !== 'v1alpha1';
    const cells = ({
      binding,
      claim,
    }: {
      readonly binding: string;
      readonly claim: PermissionClaim;
    }): readonly string[] => [
      binding,
      groupResourceText(claim),
      ...(withVerbs ? [(claim.verbs ?? []).join(',')] : []),
      claim.state ?? '',
    ];
    const header = ['APIBINDING', 'GROUP-RESOURCE', ...(withVerbs ? ['VERBS'] : []), 'STATUS'];
    terminal.out(tableText([header, ...rows.map(cells)]));
    return exitCode.done;
  },
};

async function found<T>(answer: Promise<T>, what: string): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error;
    throw new Failure(`${what}: ${error.message}`, { exitCode: error.exitCode, cause: error });
  }
}
