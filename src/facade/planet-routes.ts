import { encodeIn } from '../api/mod.ts';
import { EVERYWHERE, ROOT_CLUSTER } from '../base/mod.ts';
import {
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  newBadRequest,
  newMethodNotAllowed,
  newUnsupportedMediaType,
  parseJson,
  StatusError,
} from '../machinery/mod.ts';
import { readBody } from './body.ts';
import { sendNotFound } from './errors.ts';
import type { Exchange } from './exchange.ts';
import type { CarriedBody } from './forwarding.ts';
import type { Place } from './place.ts';
import type { JoinTokenWish, PlanetControl, ShardWish } from './planet-control.ts';
import { hasBody } from './verb.ts';

/** As kubeadm has it, and the most that makes sense for what is used within minutes. */
const TTL_SECONDS_DEFAULT = 24 * 60 * 60;
const TTL_SECONDS_MAX = 30 * 24 * 60 * 60;
const USES_MAX = 64;

/** The URLs below `/planet`, by which operators see and command the planet that a member is of. */
export class PlanetRoutes {
  readonly #control: PlanetControl | undefined;

  constructor(control: PlanetControl | undefined) {
    this.#control = control;
  }

  /** What has been authorized. The planet is the root's: no other logical cluster has such URLs. */
  async serve(
    exchange: Exchange,
    { cluster, view }: Pick<Place, 'cluster' | 'view'>,
    request: { readonly segments: readonly string[]; readonly actor: string },
  ): Promise<void> {
    if (cluster === EVERYWHERE || cluster !== ROOT_CLUSTER || view !== undefined)
      return sendNotFound(exchange);
    const answer = await this.#answer(exchange, request);
    if (answer === undefined) return sendNotFound(exchange);
    const isCreated = exchange.method === 'POST' && request.segments[0] === 'join-tokens';
    exchange.send(
      { code: isCreated ? 201 : 200, contentType: 'application/json' },
      encodeIn({ media: 'json', isPretty: exchange.isPretty }, answer),
    );
  }

  /**
   * For a join token that is asked for where the root shard is not homed: its key is made here, and only the public half goes
   * to the home, so that whoever overhears what members send each other learns nothing to join by.
   */
  carried(exchange: Exchange): CarriedBody | undefined {
    const { route } = exchange.routed;
    const control = this.#control;
    if (control === undefined || route.kind !== 'planet') return undefined;
    if (exchange.method !== 'POST' || route.segments[0] !== 'join-tokens') return undefined;
    return (bytes) => {
      const wish = bodyObject(bytes ?? EMPTY, TOKEN_FIELDS);
      if (wish['publicKey'] !== undefined) return { body: bytes, complete: (answer) => answer };
      const key = control.newTokenKey();
      return {
        body: Buffer.from(JSON.stringify({ ...wish, publicKey: key.publicKey })),
        complete(answer) {
          const made = parseJson(answer).value;
          if (!isObject(made) || typeof made['id'] !== 'string') return answer;
          const whole = { ...made, token: key.textOf(made['id']) } as unknown as JsonObject;
          return encodeIn({ media: 'json', isPretty: exchange.isPretty }, whole);
        },
      };
    };
  }

  #answer(
    exchange: Exchange,
    { segments, actor }: { readonly segments: readonly string[]; readonly actor: string },
  ): Promise<JsonObject> | undefined {
    const [what = '', name, action, ...more] = segments;
    const depth = DEPTHS[what]?.includes(segments.length) === true && more.length === 0;
    if (!depth) return undefined;
    if (what === 'shards' && !SHARD_ACTIONS.includes(action ?? '')) return undefined;
    const control = this.#control ?? refuseAlone();
    const { method } = exchange;
    if (what === 'shards' && name !== undefined) {
      if (method !== 'POST') throw notAllowed(exchange);
      return this.#command(exchange, name, action as ShardWish['action']);
    }
    if (name !== undefined) {
      if (method !== 'DELETE') throw notAllowed(exchange);
      return what === 'members' ? control.removeMember(name, actor) : control.revokeToken(name, actor);
    }
    if (method === 'POST' && what === 'join-tokens') return this.#createToken(exchange, actor);
    if (method !== 'GET') throw notAllowed(exchange);
    if (what === 'status') return control.status();
    return what === 'members' ? control.members() : control.tokens();
  }

  async #createToken(exchange: Exchange, actor: string): Promise<JsonObject> {
    const control = this.#control ?? refuseAlone();
    const fields = await readObject(exchange, TOKEN_FIELDS);
    const wish: JoinTokenWish = {
      ttlMs: 1000 * numberIn(fields, 'ttlSeconds', { default: TTL_SECONDS_DEFAULT, max: TTL_SECONDS_MAX }),
      usesMax: numberIn(fields, 'uses', { default: 1, max: USES_MAX }),
      ...optional('region', textIn(fields, 'region')),
      ...optional('publicKey', textIn(fields, 'publicKey')),
      actor,
    };
    return control.createToken(wish);
  }

  async #command(exchange: Exchange, shard: string, action: ShardWish['action']): Promise<JsonObject> {
    const control = this.#control ?? refuseAlone();
    if (action === 'goal') {
      const fields = await readObject(exchange, ['goal']);
      return control.command(shard, { action, goal: needed(fields, 'goal', 'process, zone or region') });
    }
    const fields = await readObject(exchange, action === 'promote' ? ['region', 'acceptLoss'] : ['region']);
    const region = needed(fields, 'region', 'the name of a region');
    if (action === 'move') return control.command(shard, { action, region });
    const acceptLoss = fields['acceptLoss'] ?? false;
    if (typeof acceptLoss !== 'boolean') throw newBadRequest('"acceptLoss" is true or false');
    return control.command(shard, { action, region, acceptLoss });
  }
}

/** Whether it changes what the root shard keeps, which its home alone does. Commands about shards find their own way. */
export function isForRootHome(method: string, segments: readonly string[]): boolean {
  const [what, name] = segments;
  if (method === 'DELETE') return (what === 'members' || what === 'join-tokens') && name !== undefined;
  return method === 'POST' && what === 'join-tokens' && name === undefined;
}

const EMPTY = Buffer.alloc(0);
const TOKEN_FIELDS = ['ttlSeconds', 'uses', 'region', 'publicKey'];
const SHARD_ACTIONS: readonly string[] = ['move', 'promote', 'goal'] satisfies ShardWish['action'][];
/** How many segments may be below `/planet`. */
const DEPTHS: Readonly<Partial<Record<string, readonly number[]>>> = Object.assign(Object.create(null), {
  status: [1],
  members: [1, 2],
  'join-tokens': [1, 2],
  shards: [3],
});

function refuseAlone(): never {
  throw new StatusError({
    code: 404,
    reason: 'NotFound',
    message:
      'this member is of no planet: restart it with --nats and the URL of NATS servers with JetStream to found one',
  });
}

function notAllowed(exchange: Exchange): StatusError {
  return newMethodNotAllowed({ group: '', resource: exchange.routed.path }, exchange.method.toLowerCase());
}

async function readObject(exchange: Exchange, names: readonly string[]): Promise<JsonObject> {
  if (!hasBody(exchange)) return bodyObject(EMPTY, names);
  const { bytes, mediaType } = await readBody(exchange.request);
  // As curl sends what it is told to send.
  const isJson = ['', 'application/json', 'application/x-www-form-urlencoded'].includes(mediaType);
  if (!isJson) throw newUnsupportedMediaType(`the body is ${mediaType}: send application/json`);
  return bodyObject(bytes, names);
}

/** The members of a JSON object; no body is an empty one. What is not known is refused: it may have been meant. */
function bodyObject(bytes: Uint8Array, names: readonly string[]): JsonObject {
  const value = bytes.length === 0 ? ({} as JsonValue) : parsed(bytes);
  if (!isObject(value)) throw newBadRequest('the body has to be a JSON object');
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown === undefined) return value;
  throw newBadRequest(`unknown field ${JSON.stringify(unknown)}: there are ${names.join(', ')}`);
}

function parsed(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes).value;
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw newBadRequest(`the body is no JSON: ${error.message}`);
    throw error;
  }
}

function textIn(fields: JsonObject, name: string): string | undefined {
  const value = fields[name];
  if (value === undefined || typeof value === 'string') return value;
  throw newBadRequest(`${JSON.stringify(name)} has to be a text`);
}

function needed(fields: JsonObject, name: string, what: string): string {
  const value = textIn(fields, name);
  if (value === undefined || value === '')
    throw newBadRequest(`the body needs ${JSON.stringify(name)}: ${what}`);
  return value;
}

function numberIn(
  fields: JsonObject,
  name: string,
  bounds: { readonly default: number; readonly max: number },
): number {
  const value = fields[name] ?? bounds.default;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= bounds.max) return value;
  throw newBadRequest(`${JSON.stringify(name)} has to be a number from 1 to ${bounds.max}`);
}

function optional<Name extends string>(
  name: Name,
  value: string | undefined,
): { readonly [key in Name]?: string } {
  return value === undefined || value === '' ? {} : ({ [name]: value } as { readonly [key in Name]: string });
}
