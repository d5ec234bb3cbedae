import type { Authorized, User, Vouchers } from '../access/mod.ts';
import {
  type Api,
  create,
  encodeIn,
  type Format,
  get,
  learnKindEverywhere,
  list,
  methodNotAllowedEverywhere,
  parseDeleteOptions,
  parseWriteOptions,
  patch,
  patchScale,
  readLogicalCluster,
  remove,
  removeCollection,
  renderObject,
  renderRow,
  requestToken,
  resolve,
  review,
  rowInVersion,
  type Target,
  UnknownCluster,
  update,
  updateScale,
  type View,
  type VirtualWorkspace,
  viewOf,
  type WatchHub,
  type WriteOptions,
  type Written,
  warnOfDeprecation,
} from '../api/mod.ts';
import { type ClusterScope, EVERYWHERE, type Revision } from '../base/mod.ts';
import { builtinDefinition } from '../definitions/mod.ts';
import { type KubeObject, newNotAcceptable, parseJson, successStatus } from '../machinery/mod.ts';
import { type Row, withRevision } from '../store/mod.ts';
import { readBody } from './body.ts';
import type { Exchange } from './exchange.ts';
import { contentTypeOf, negotiate } from './negotiate.ts';
import type { ResourcePath } from './path.ts';
import { assertMethod, hasBody, questionOf, verbOf } from './verb.ts';
import { ResponseOutput } from './watch-output.ts';

// Core kinds whose deletion is answered with the object itself (upstream's ReturnDeletedObject).
const RETURNED_WHEN_DELETED = ['resourcequotas', 'serviceaccounts'];

interface ResourceRequest {
  readonly exchange: Exchange;
  readonly target: Authorized<Target>;
  readonly format: Format;
  readonly isVirtual: boolean;
}

/** The routes of objects: one verb each, all through the same authorizer and write path. */
export class ResourceRoutes {
  readonly #api: Api;
  readonly #watches: WatchHub;

  constructor(api: Api, watches: WatchHub) {
    this.#api = api;
    this.#watches = watches;
  }

  async serve(
    exchange: Exchange,
    request: {
      readonly user: User;
      readonly cluster: ClusterScope;
      readonly view: VirtualWorkspace | undefined;
      readonly path: ResourcePath;
      readonly vouchers: Vouchers | undefined;
    },
  ): Promise<void> {
    const { path, user, cluster, view, vouchers } = request;
    const verb = verbOf(exchange, path);
    const isOpen = verb === 'watch' && exchange.method === 'GET';
    const { group, version, resource, subresource, namespace, name } = path;
    if (!isOpen) exchange.limitTime();
    const wanted: Target = {
      user,
      cluster,
      verb,
      group,
      version,
      resource,
      subresource,
      namespace,
      name,
      view,
      ...(exchange.audience && { audience: exchange.audience }),
    };
    const answer = this.#api.access.authorize(wanted, {
      question: questionOf(exchange, wanted),
      ...(vouchers && { vouchers }),
    });
    // Nearly always the answer is there: then the request goes on in the same turn.
    const target = answer instanceof Promise ? await answer : answer;
    // Only those hear of it who may do everything everywhere: all others were refused.
    if (cluster !== EVERYWHERE && readLogicalCluster(this.#api, cluster) === undefined)
      throw new UnknownCluster();
    assertMethod(exchange, path);
    if (cluster === EVERYWHERE && verb !== 'list' && verb !== 'watch')
      throw methodNotAllowedEverywhere(target);
    const builtin = builtinDefinition(group, resource);
    if (builtin === undefined) warnOfDeprecation(this.#api, target, exchange);
    const isVirtual = builtin?.isVirtual === true;
    const format = negotiate({
      accept: exchange.header('accept'),
      includeObject: exchange.query.first('includeObject'),
      isPretty: exchange.isPretty,
      offer: {
        isBuiltin: builtin !== undefined,
        isCollection: verb === 'list' || verb === 'watch',
        allowsTransforms: true,
        prefersJson: verb === 'list' && !exchange.query.has('limit'),
        isStream: verb === 'watch',
      },
    });
    if (cluster === EVERYWHERE) await learnKindEverywhere(this.#api, target);
    await this.#dispatch({ exchange, target, format, isVirtual });
  }

  async #dispatch(request: ResourceRequest): Promise<void> {
    switch (request.target.verb) {
      case 'get':
        return this.#get(request);
      case 'list':
        return this.#list(request);
      case 'watch':
        return this.#watch(request);
      case 'create':
        if (isTokenRequest(request.target)) return this.#requestToken(request);
        return request.isVirtual ? this.#review(request) : this.#create(request);
      case 'update':
        return this.#update(request);
      case 'patch':
        return this.#patch(request);
      case 'delete':
        return this.#delete(request);
      default:
        return this.#deleteCollection(request);
    }
  }

  async #get({ exchange, target, format }: ResourceRequest): Promise<void> {
    const home = this.#api.homes.of(target);
    if (home !== undefined) return this.#sendObject(exchange, { target, format, object: await home });
    const body = await get(this.#api, { target, query: exchange.query, format, context: exchange });
    exchange.send(ok(format), body);
  }

  /** An object that is made for the answer. */
  #sendObject(
    exchange: Exchange,
    answer: { readonly target: Authorized<Target>; readonly format: Format; readonly object: KubeObject },
  ): void {
    const { target, format, object } = answer;
    const view = viewOf(resolve(this.#api, target), { format, nowMs: this.#api.store.nowMs() });
    exchange.send(ok(format), renderObject(view, object));
  }

  async #list({ exchange, target, format }: ResourceRequest): Promise<void> {
    const pieces = await list(this.#api, { target, query: exchange.query, format, context: exchange });
    await exchange.sendPieces(ok(format), pieces);
  }

  async #watch({ exchange, target, format }: ResourceRequest): Promise<void> {
    const open = this.#watches.open({ target, query: exchange.query, format, context: exchange });
    exchange.disableTimeout();
    exchange.startStream({ code: 200, contentType: contentTypeOf(format, { isStream: true }) });
    const watch = open(new ResponseOutput(exchange.response));
    exchange.response.once('close', () => watch.close());
  }

  async #create({ exchange, target, format }: ResourceRequest): Promise<void> {
    const options = this.#writeOptions(exchange, 'CreateOptions');
    const body = await readBody(exchange.request);
    const written = await create(this.#api, { target, options, context: exchange, body });
    await this.#sendWritten(exchange, written, format);
  }

  async #review({ exchange, target, format }: ResourceRequest): Promise<void> {
    const options = this.#writeOptions(exchange, 'CreateOptions');
    assertWhole(format);
    const body = await readBody(exchange.request);
    const { object } = await review(this.#api, { target, options, context: exchange, body });
    exchange.send({ ...ok(format), code: 201 }, encodeIn(format, object));
  }

  async #requestToken({ exchange, target, format }: ResourceRequest): Promise<void> {
    const options = this.#writeOptions(exchange, 'CreateOptions');
    assertWhole(format);
    const body = await readBody(exchange.request);
    const object = await requestToken(this.#api, { target, options, context: exchange, body });
    exchange.send({ ...ok(format), code: 201 }, encodeIn(format, object));
  }

  async #update({ exchange, target, format }: ResourceRequest): Promise<void> {
    const options = this.#writeOptions(exchange, 'UpdateOptions');
    const body = await readBody(exchange.request);
    const run = target.subresource === 'scale' ? updateScale : update;
    const written = await run(this.#api, { target, options, context: exchange, body });
    await this.#sendWritten(exchange, written, format);
  }

  async #patch({ exchange, target, format }: ResourceRequest): Promise<void> {
    const options = this.#writeOptions(exchange, 'PatchOptions');
    const body = await readBody(exchange.request);
    const run = target.subresource === 'scale' ? patchScale : patch;
    const written = await run(this.#api, {
      target,
      options,
      context: exchange,
      body,
      query: exchange.query,
    });
    await this.#sendWritten(exchange, written, format);
  }

  async #delete({ exchange, target, format }: ResourceRequest): Promise<void> {
    const body = hasBody(exchange) ? await readBody(exchange.request) : undefined;
    const options = parseDeleteOptions(exchange.query, body);
    const written = await remove(this.#api, { target, options, context: exchange });
    if (written.row !== undefined) {
      const code = options.isLegacyBackground ? 202 : 200;
      return this.#sendWritten(exchange, { ...written, isCreated: false }, format, code);
    }
    const { definition } = written.resource;
    if (definition.group === '' && RETURNED_WHEN_DELETED.includes(definition.names.plural)) {
      return this.#sendWritten(exchange, { ...written, isCreated: false }, format);
    }
    const details = {
      name: written.key.name,
      group: definition.group,
      kind: definition.names.plural,
      uid: written.lastRow?.uid ?? '',
    };
    exchange.send(ok(format), encodeIn(format, successStatus(details)));
  }

  async #deleteCollection({ exchange, target, format }: ResourceRequest): Promise<void> {
    const body = hasBody(exchange) ? await readBody(exchange.request) : undefined;
    const options = parseDeleteOptions(exchange.query, body);
    const pieces = await removeCollection(this.#api, {
      target,
      query: exchange.query,
      options,
      format,
      context: exchange,
    });
    await exchange.sendPieces(ok(format), pieces);
  }

  /** What was written, as the client wants to see it. */
  async #sendWritten(exchange: Exchange, written: Written, format: Format, code?: number): Promise<void> {
    const { resource, key, revision, lastRow } = written;
    const view = viewOf(resource, { format, nowMs: this.#api.store.nowMs() });
    // An update that removed the last finalizer of a terminating object answers with its last state.
    const row = written.row ?? lastRow!;
    const answer = {
      ...ok(format),
      code: code ?? (written.isCreated && written.row !== undefined ? 201 : 200),
    };
    const stored = withRevision(row, revision ?? (0 as Revision));
    const shown = await rowInVersion(this.#api, view, stored, exchange);
    exchange.send(
      answer,
      revision === undefined ? withoutRevision(view, written, shown) : renderRow(view, key, shown),
    );
  }

  #writeOptions(exchange: Exchange, kind: string): WriteOptions {
    return parseWriteOptions(exchange.query, { kind, userAgent: exchange.userAgent });
  }
}

/** A dry run of a creation shows everything but a resourceVersion: there is none. */
function withoutRevision(view: View, written: Written, row: Row): Buffer {
  const plain = {
    ...view,
    format: { ...view.format, as: 'Object' as const, media: 'json' as const, isPretty: false },
  };
  // Not JSON.parse, which knows no integers of 64 bits.
  const object = parseJson(renderRow(plain, written.key, row)).value as KubeObject;
  delete object.metadata.resourceVersion;
  return renderObject(view, object);
}

function isTokenRequest({ group, resource, subresource }: Target): boolean {
  return group === '' && resource === 'serviceaccounts' && subresource === 'token';
}

/** An answer that is not an object of a collection is shown as it is, and in no other form. */
function assertWhole(format: Format): void {
  if (format.as === 'Object') return;
  throw newNotAcceptable(
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

function ok(format: Format): { readonly code: number; readonly contentType: string } {
  return { code: 200, contentType: contentTypeOf(format, { isStream: false }) };
}
