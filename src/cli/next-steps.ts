import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What the lines after a start are made of. */
export interface StartedMember {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly region: string;
  readonly rootDirectory: string;
  readonly kubeconfigPath: string;
  readonly caPath: string;
  readonly hasKubectl: boolean;
  /** The folder of the kubectl plugins, unless kubectl finds them already. */
  readonly pluginFolder: string | undefined;
}

/** Says that the server is ready, and what to type next; every line works as it is pasted. */
export function nextSteps(member: StartedMember): string {
  const ready = `Antipode serves ${member.url} (region ${member.region}, data in ${member.rootDirectory}). In another terminal:`;
  const steps = member.hasKubectl ? kubectlSteps(member) : curlSteps(member);
  return [ready, ...steps, 'Ctrl-C stops it.', ''].join('\n');
}

function kubectlSteps(member: StartedMember): readonly string[] {
  return [
    `  export KUBECONFIG=${shellQuoted(member.kubeconfigPath)}`,
    ...(member.pluginFolder === undefined ? [] : [`  export PATH=${shellQuoted(member.pluginFolder)}:$PATH`]),
    '  kubectl ws .                  # the workspace you are in; make another: kubectl ws create NAME',
    '  kubectl get namespaces        # and: kubectl api-resources',
  ];
}

function curlSteps(member: StartedMember): readonly string[] {
  const kubeconfig = shellQuoted(member.kubeconfigPath);
  // The token is read by the shell, so that it stands in no scroll-back, history or log.
  const token = `$(sed -n 's/^ *token: //p' ${kubeconfig} | head -n 1)`;
  const path = '/clusters/root/api/v1/namespaces';
  return [
    `  curl --cacert ${shellQuoted(member.caPath)} -H "Authorization: Bearer ${token}" ${member.url}${path}`,
    '  No kubectl was found on PATH; https://kubernetes.io/docs/tasks/tools/ says how to install it. Then:',
    `  export KUBECONFIG=${kubeconfig}`,
  ];
}

/** Whether a program of that name can be run from PATH. */
export function isOnPath(program: string, path: string | undefined): boolean {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return (path ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .some((folder) => names.some((name) => isProgram(join(folder, name))));
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The text as one word of a POSIX shell. */
export function shellQuoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
