import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { Failure, reasonOf, systemCode } from '../failure.ts';
import type { KubeconfigEntry } from '../kubeconfig/kubeconfig.ts';
import type { Fields } from '../kubeconfig/kubeconfig-file.ts';
import type { Terminal } from '../terminal.ts';

export interface ExecRequest {
  /** The member `exec` of a user. */
  readonly exec: Fields;
  readonly user: KubeconfigEntry;
  readonly cluster: KubeconfigEntry;
  readonly server: URL;
  readonly ca: string | undefined;
  readonly terminal: Terminal;
}

export interface ExecCredentials {
  readonly token?: string;
  readonly certificate?: string;
  readonly key?: string;
}

const VERSIONS = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
/** A credential is a token or a certificate; nobody's has a mebibyte. */
const OUTPUT_BYTES_MAX = 1024 * 1024;

/**
 * Runs a credential plugin by the protocol of client-go (KEP-541): it learns of the cluster through
 * `KUBERNETES_EXEC_INFO`, and prints an ExecCredential.
 */
export async function execCredentials(request: ExecRequest): Promise<ExecCredentials> {
  const { exec } = request;
  const apiVersion = textOf(exec, 'apiVersion') ?? '';
  const command = textOf(exec, 'command');
  if (command === undefined) throw new Failure('the exec plugin of the kubeconfig has no command');
  if (!VERSIONS.includes(apiVersion)) {
    throw new Failure(
      `the exec plugin of the kubeconfig has apiVersion ${JSON.stringify(apiVersion)}, which is not supported`,
      {
        hint: `It has to be one of ${VERSIONS.join(', ')}.`,
      },
    );
  }
  const mode = textOf(exec, 'interactiveMode') ?? 'IfAvailable';
  const isInteractive = process.stdin.isTTY === true;
  if (mode === 'Always' && !isInteractive) {
    throw new Failure(`the exec plugin ${command} has to ask somebody, but standard input is no terminal`);
  }
  const passesInput = isInteractive && mode !== 'Never';
  const output = await run(commandPath(command, request.user.directory), request, {
    apiVersion,
    passesInput,
  });
  return credentialsIn(output, { command, apiVersion });
}

// As with kubectl: a path is relative to the kubeconfig, a bare name is looked up on PATH.
function commandPath(command: string, directory: string): string {
  return /[/\\]/.test(command) ? resolve(directory, command) : command;
}

function run(
  path: string,
  { exec, cluster, server, ca, terminal }: ExecRequest,
  { apiVersion, passesInput }: { readonly apiVersion: string; readonly passesInput: boolean },
): Promise<string> {
  const args = Array.isArray(exec['args']) ? exec['args'].filter((value) => typeof value === 'string') : [];
  const spec: Record<string, unknown> = { interactive: passesInput };
  if (textOf(exec, 'provideClusterInfo') === 'true') {
    spec['cluster'] = {
      server: server.href,
      ...(ca === undefined ? {} : { 'certificate-authority-data': Buffer.from(ca).toString('base64') }),
      ...pick(cluster.fields, ['tls-server-name', 'proxy-url']),
      ...(textOf(cluster.fields, 'insecure-skip-tls-verify') === 'true'
        ? { 'insecure-skip-tls-verify': true }
        : {}),
    };
  }
  const environment: Record<string, string | undefined> = {
    ...terminal.environment,
    ...environmentOf(exec['env']),
    KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec }),
  };
  return new Promise((resolveOutput, reject) => {
    const child = spawn(path, args, {
      env: environment,
      stdio: [passesInput ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > OUTPUT_BYTES_MAX) child.kill();
    });
    child.once('error', (error) => {
      const isMissing = systemCode(error) === 'ENOENT';
      const what = isMissing ? 'was not found' : `cannot be run: ${reasonOf(error)}`;
      reject(
        new Failure(`the exec plugin ${path} of the kubeconfig ${what}`, {
          hint: textOf(exec, 'installHint'),
        }),
      );
    });
    child.once('close', (code, signal) => {
      if (code === 0) resolveOutput(output);
      else reject(new Failure(`the exec plugin ${path} failed with ${signal ?? `exit code ${code}`}`));
    });
  });
}

function credentialsIn(
  output: string,
  { command, apiVersion }: { readonly command: string; readonly apiVersion: string },
): ExecCredentials {
  let credential: unknown;
  try {
    credential = JSON.parse(output);
  } catch (error) {
    throw new Failure(`the exec plugin ${command} printed no ExecCredential: ${reasonOf(error)}`);
  }
  const fields = asFields(credential);
  if (fields['kind'] !== 'ExecCredential' || fields['apiVersion'] !== apiVersion) {
    throw new Failure(`the exec plugin ${command} printed no ExecCredential of ${apiVersion}`);
  }
  const status = asFields(fields['status']);
  const token = textOf(status, 'token');
  const certificate = textOf(status, 'clientCertificateData');
  const key = textOf(status, 'clientKeyData');
  if (
    (certificate === undefined) !== (key === undefined) ||
    (token === undefined && certificate === undefined)
  ) {
    throw new Failure(`the exec plugin ${command} returned neither a token nor a certificate with its key`);
  }
  return {
    ...(token === undefined ? {} : { token }),
    ...(certificate === undefined || key === undefined ? {} : { certificate, key }),
  };
}

function environmentOf(value: unknown): Readonly<Record<string, string>> {
  const entries = Array.isArray(value) ? value.map(asFields) : [];
  return Object.fromEntries(
    entries.flatMap((entry) => {
      const name = textOf(entry, 'name');
      return name === undefined ? [] : [[name, textOf(entry, 'value') ?? '']];
    }),
  );
}

function pick(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(names.filter((name) => name in fields).map((name) => [name, fields[name]]));
}

function asFields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function textOf(fields: Fields, name: string): string | undefined {
  const value = fields[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
