import { readFileSync } from 'node:fs';
import type { PlanetOptions, SurvivalGoal } from '../region/mod.ts';
import { type Flag, type Invocation, UsageError } from './command.ts';

/** The flags of `start` that make a member one of a planet's. */
export const planetFlags: Readonly<Record<string, Flag>> = {
  nats: {
    type: 'string',
    placeholder: 'URL,…',
    description:
      'The NATS servers of this region, with JetStream; without --join this member founds a planet',
  },
  'nats-creds': { type: 'string', placeholder: 'FILE', description: 'The JWT and seed of its user in NATS' },
  'nats-user': { type: 'string', placeholder: 'NAME', description: 'Its user in NATS' },
  'nats-password-file': { type: 'string', placeholder: 'FILE', description: 'The password of that user' },
  'nats-ca': { type: 'string', placeholder: 'FILE', description: 'The CAs of the NATS servers, in PEM' },
  'nats-cert': { type: 'string', placeholder: 'FILE', description: 'Its certificate for NATS, in PEM' },
  'nats-key': { type: 'string', placeholder: 'FILE', description: 'The private key of that certificate' },
  'nats-domains': {
    type: 'string',
    placeholder: 'WHICH',
    default: 'region',
    values: ['region', 'none'],
    description: "Whether each region's JetStream has a domain of its name; none where all share one server",
  },
  join: {
    type: 'string',
    placeholder: 'TOKEN',
    description: 'Join the planet of a join token, with an empty root directory; @FILE reads it from a file',
  },
  survive: {
    type: 'string',
    placeholder: 'GOAL',
    values: ['process', 'zone', 'region'],
    description:
      'What acknowledged writes survive: process, or with --nats zone (the default of a new planet) or region',
  },
};

/** The part of the options that says of which planet it is. Throws `UsageError`. */
export function planetOptions(invocation: Invocation): { readonly planet?: PlanetOptions } {
  const text = (name: string): string | undefined => {
    const value = invocation.flags[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const nats = text('nats');
  const survive = text('survive') as SurvivalGoal | undefined;
  if (nats === undefined) {
    const other = Object.keys(planetFlags).find(
      (name) => name !== 'nats-domains' && name !== 'survive' && text(name),
    );
    if (other !== undefined)
      throw new UsageError(`--${other} needs --nats, the URL of this region's NATS servers`);
    if (survive !== undefined && survive !== 'process')
      throw new UsageError(`--survive ${survive} needs --nats, since there is no second copy without it`);
    return {};
  }
  const [user, passwordFile, creds] = [text('nats-user'), text('nats-password-file'), text('nats-creds')];
  if ((user === undefined) !== (passwordFile === undefined) || (creds !== undefined && user !== undefined)) {
    throw new UsageError('give --nats-creds, or --nats-user together with --nats-password-file');
  }
  const [caFile, certificateFile, keyFile] = [text('nats-ca'), text('nats-cert'), text('nats-key')];
  if ((certificateFile === undefined) !== (keyFile === undefined)) {
    throw new UsageError('--nats-cert and --nats-key are given together');
  }
  const tls = {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certificateFile === undefined ? {} : { certificateFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
  const join = text('join');
  return {
    planet: {
      servers: servers(nats),
      ...(creds === undefined ? {} : { credentials: { kind: 'creds', file: creds } as const }),
      ...(user === undefined || passwordFile === undefined
        ? {}
        : {
            credentials: {
              kind: 'password',
              user,
              password: secret('nats-password-file', passwordFile),
            } as const,
          }),
      ...(Object.keys(tls).length === 0 ? {} : { tls }),
      hasDomains: text('nats-domains') !== 'none',
      ...(join === undefined
        ? {}
        : { joinToken: join.startsWith('@') ? secret('join', join.slice(1)) : join }),
      ...(survive === undefined ? {} : { survive }),
    },
  };
}

function servers(text: string): string[] {
  const list = text
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '');
  for (const url of list) {
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed?.protocol !== 'nats:' && parsed?.protocol !== 'tls:') {
      throw new UsageError(
        `--nats takes URLs, such as nats://127.0.0.1:4222 or tls://nats.example.com:4222, but "${url}" is none`,
      );
    }
    // Everybody on the machine can read the arguments of a process.
    if (parsed.username !== '' || parsed.password !== '')
      throw new UsageError(
        '--nats takes URLs without credentials: give --nats-user and --nats-password-file',
      );
  }
  if (list.length === 0) throw new UsageError('--nats needs a URL, such as nats://127.0.0.1:4222');
  return list;
}

function secret(flag: string, path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot read the file that --${flag} names: ${reason}`);
  }
}
