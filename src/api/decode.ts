import { type BuiltinDefinition, decodeCustomResource, embeddedMetadataError } from '../definitions/mod.ts';
import {
  checkDecodable,
  checkMetadataTypes,
  decodeProtobuf,
  EnvelopeError,
  fieldErrorText,
  goQuote,
  invalid,
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  type KubeObject,
  newBadRequest,
  newInvalid,
  newObject,
  newUnsupportedMediaType,
  parseJson,
  parseYaml,
  pruneUnknown,
  YamlSyntaxError,
} from '../machinery/mod.ts';
import { apiVersionOf, groupKind, type Resource } from './target.ts';
import type { WriteOptions } from './write-options.ts';

/** A request body as it came. */
export interface Body {
  readonly bytes: Uint8Array;
  /** Media type without parameters; empty counts as JSON. */
  readonly mediaType: string;
}

/** A decoded body, with what strict validation would complain about. */
export interface Decoded {
  readonly object: KubeObject;
  /** `unknown field "…"` and `duplicate field "…"`, in upstream's words. */
  readonly complaints: readonly string[];
}

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** The value of a body in any of the media types that objects come in; 415 for others, 400 for damage. */
export function parseBody(
  body: Body,
  options: { readonly kind: string; readonly apiVersion: string; readonly allowsProtobuf: boolean },
): { readonly value: JsonValue; readonly duplicates: readonly string[] } {
  const { bytes, mediaType } = body;
  switch (mediaType) {
    case '':
    case JSON_TYPE:
      return withSyntaxErrors(body, options.kind, () => parseJson(bytes));
    case YAML_TYPE:
      return withSyntaxErrors(body, options.kind, () => parseYaml(Buffer.from(bytes).toString('utf8')));
    case PROTOBUF_TYPE:
      if (options.allowsProtobuf) return { value: decodeEnvelope(bytes, options), duplicates: [] };
  }
  const accepted = options.allowsProtobuf ? [JSON_TYPE, YAML_TYPE, PROTOBUF_TYPE] : [JSON_TYPE, YAML_TYPE];
  throw newUnsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
  );
}

/** Decodes the body of a create or update as an object of the endpoint's kind and version. */
export function decodeObject(resource: Resource, body: Body): Decoded {
  const kind = bodyKind(resource);
  const allowsProtobuf = resource.definition.origin === 'builtin';
  const parsed = parseBody(body, { ...kind, allowsProtobuf });
  // Go decodes null into anything, and leaves it as it is.
  const { value = newObject(), duplicates } = parsed.value === null ? { duplicates: [] } : parsed;
  if (!isObject(value)) {
    throw newBadRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${summaryOf(body.bytes)})`,
    );
  }
  if (resource.definition.origin === 'crd') assertTyped(body, { object: value, kind });
  checkTypes(resource, value, kind);
  return decodeValue(resource, value as KubeObject, duplicates);
}

/**
 * Brings an object (of a body, or the result of a patch) into the form in which the rest of the server
 * handles it: known fields only, Go's types, defaults. `object` is changed.
 */
export function decodeValue(
  resource: Resource,
  object: KubeObject,
  duplicates: readonly string[] = [],
): Decoded {
  if (object.metadata === undefined || object.metadata === null) object.metadata = newObject();
  const unknown =
    resource.definition.origin === 'builtin'
      ? decodeBuiltin(resource, object)
      : decodeCustom(resource, object);
  // In upstream's order: it finds the duplicates when it reads the text, before it knows the fields.
  const complaints = [
    ...duplicates.map((path) => `duplicate field ${goQuote(path)}`),
    ...unknown.map((path) => `unknown field ${goQuote(path)}`),
  ];
  return { object, complaints };
}

/** Refuses, warns of or ignores unknown and duplicate fields, as the client asked. */
export function enforceFieldValidation(
  resource: Resource,
  complaints: readonly string[],
  context: { readonly options: WriteOptions; warn(text: string): void; readonly patched?: string },
): void {
  if (complaints.length === 0 || context.options.fieldValidation === 'Ignore') return;
  if (context.options.fieldValidation === 'Warn') {
    for (const complaint of complaints) context.warn(complaint);
    return;
  }
  const strictError = `strict decoding error: ${complaints.join(', ')}`;
  if (context.patched !== undefined) {
    throw newInvalid({ group: '', kind: '' }, '', [invalid('patch', context.patched, strictError)]);
  }
  throw cannotBeHandled(resource, strictError);
}

function decodeBuiltin(resource: Resource, object: KubeObject): string[] {
  const definition = resource.definition as BuiltinDefinition;
  const kind = bodyKind(resource);
  const error = checkDecodable(object, resource.version.schema, kind.kind);
  if (error !== undefined) throw cannotBeHandled(resource, error);
  const unknown = pruneUnknown(object, resource.version.schema, { isResourceRoot: true });
  // An empty list of managed fields is a wish, to forget them, where other empty lists are nothing.
  const { managedFields } = object.metadata;
  definition.decode(object, resource.version.name);
  if (managedFields?.length === 0) object.metadata.managedFields = managedFields;
  return unknown;
}

function decodeCustom(resource: Resource, object: KubeObject): string[] {
  const error = checkMetadataTypes(object.metadata);
  if (error !== undefined) throw cannotBeHandled(resource, error);
  const embedded = embeddedMetadataError(object, resource.version.schema);
  if (embedded !== undefined) throw cannotBeHandled(resource, fieldErrorText(embedded));
  return decodeCustomResource(object, resource.version);
}

/** Custom resources have to say what they are. */
function assertTyped(
  body: Body,
  {
    object,
    kind,
  }: { readonly object: JsonObject; readonly kind: { readonly apiVersion: string; readonly kind: string } },
): void {
  if (!object['kind']) {
    const text = body.mediaType === YAML_TYPE ? shorten(object) : Buffer.from(body.bytes).toString();
    throw newBadRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): Object 'Kind' is missing in '${text}' (${summaryOf(body.bytes)})`,
    );
  }
  if (object['apiVersion']) return;
  throw newBadRequest(
    `the API version in the data () does not match the expected API version (${kind.apiVersion})`,
  );
}

/** Kind and apiVersion of the body must be the endpoint's; for built-in kinds they may be missing. */
function checkTypes(
  resource: Resource,
  object: JsonObject,
  kind: { readonly apiVersion: string; readonly kind: string },
): void {
  const { apiVersion: givenVersion, kind: givenKind } = object;
  for (const [field, given] of [
    ['kind', givenKind],
    ['apiVersion', givenVersion],
  ] as const) {
    if (given === undefined || given === null || typeof given === 'string') continue;
    throw newBadRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(given)} into Go struct field .${field} of type string`,
    );
  }
  if (givenVersion && givenVersion !== kind.apiVersion) {
    throw newBadRequest(
      `the API version in the data (${givenVersion}) does not match the expected API version (${kind.apiVersion})`,
    );
  }
  if (givenKind && givenKind !== kind.kind && resource.definition.origin === 'builtin') {
    throw newBadRequest(
      `${givenKind} in version "${resource.version.name}" cannot be handled as a ${kind.kind}: no kind "${givenKind}" is registered for the endpoint of ${kind.kind}`,
    );
  }
  object['apiVersion'] = kind.apiVersion;
  if (!givenKind) object['kind'] = kind.kind;
}

/** What the body of this endpoint has to be: a subresource may have a kind of its own. */
function bodyKind(resource: Resource): { readonly apiVersion: string; readonly kind: string } {
  const own = resource.version.subresources.find(({ name }) => name === resource.target.subresource)?.kind;
  if (own !== undefined) return { apiVersion: apiVersionOf(own.group, own.version), kind: own.kind };
  return {
    apiVersion: apiVersionOf(resource.definition.group, resource.version.name),
    kind: groupKind(resource).kind,
  };
}

function cannotBeHandled(resource: Resource, detail: string): Error {
  const { kind } = bodyKind(resource);
  return newBadRequest(
    `${kind} in version "${resource.version.name}" cannot be handled as a ${kind}: ${detail}`,
  );
}

/** What the envelope does not name is of the endpoint's kind. */
function decodeEnvelope(
  bytes: Uint8Array,
  kind: { readonly kind: string; readonly apiVersion: string },
): JsonObject {
  try {
    return decodeProtobuf(bytes, kind).object;
  } catch (cause) {
    if (!(cause instanceof EnvelopeError)) throw cause;
    throw newBadRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): ${cause.message} (${summaryOf(bytes)})`,
    );
  }
}

/** As much of a body as upstream shows of what it cannot read. */
function summaryOf(bytes: Uint8Array): string {
  if (bytes.length === 0) return '<empty>';
  const head = Buffer.from(bytes.subarray(0, 30));
  const text = head[0] === 0x7b ? head.toString('utf8') : head.toString('hex');
  return bytes.length > head.length ? `${text} ...` : text;
}

function withSyntaxErrors<Result>(body: Body, kind: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (cause) {
    if (!(cause instanceof JsonSyntaxError || cause instanceof YamlSyntaxError)) throw cause;
    throw newBadRequest(
      `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${cause.message} (${summaryOf(body.bytes)})`,
    );
  }
}

function goTypeOf(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'string';
    case 'object':
      return 'object';
    default:
      return 'number';
  }
}

function shorten(object: JsonObject): string {
  const text = JSON.stringify(object, (_key, item) => (typeof item === 'bigint' ? item.toString() : item));
  return text.length > 1024 ? `${text.slice(0, 1024)}…` : text;
}
