import type { Authorized } from '../access/mod.ts';
import { type BuiltinDefinition, decodeCustomResource, embeddedMetadataError } from '../definitions/mod.ts';
import {
  checkDecodable,
  checkMetadataTypes,
  type DecodedForm,
  decodeProtobuf,
  EnvelopeError,
  fieldErrorText,
  goQuote,
  isObject,
  type JsonObject,
  JsonSyntaxError,
  type JsonValue,
  type KubeObject,
  newBadRequest,
  newObject,
  newUnsupportedMediaType,
  parseJson,
  parseYaml,
  pruneUnknown,
  YamlSyntaxError,
} from '../machinery/mod.ts';
import type { RequestContext } from './api.ts';
import { apiVersionOf, groupKind, type Resource, type Target } from './target.ts';
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
  /** `unknown field "…"`, `duplicate field "…"` and what YAML has twice, in upstream's words. */
  readonly complaints: readonly string[];
}

const JSON_TYPE = 'application/json';
const YAML_TYPE = 'application/yaml';
const PROTOBUF_TYPE = 'application/vnd.kubernetes.protobuf';

/** All keys that a YAML text repeats, as the one error that go-yaml makes of them. */
export function yamlComplaints(repeatedKeys: readonly string[]): string[] {
  return repeatedKeys.length === 0 ? [] : [YAML_COMPLAINT + repeatedKeys.join(YAML_COMPLAINT_BREAK)];
}

const YAML_COMPLAINT_BREAK = '\n  ';
const YAML_COMPLAINT = `yaml: unmarshal errors:${YAML_COMPLAINT_BREAK}`;

/** The warnings that a complaint of strict validation makes: one for each key of {@link yamlComplaints}. */
export function warningsOf(complaint: string): string[] {
  if (!complaint.startsWith(YAML_COMPLAINT)) return [complaint];
  return complaint.slice(YAML_COMPLAINT.length).split(YAML_COMPLAINT_BREAK);
}

/** The value of a body in any of the media types that objects come in; 415 for others, 400 for damage. */
export function parseBody(
  body: Body,
  options: { readonly kind: string; readonly apiVersion: string; readonly allowsProtobuf: boolean },
): { readonly value: JsonValue; readonly complaints: readonly string[] } {
  const { bytes, mediaType } = body;
  switch (mediaType) {
    case '':
    case JSON_TYPE: {
      const { value, duplicates } = withSyntaxErrors(body, options.kind, () => parseJson(bytes));
      return { value, complaints: duplicates.map((path) => `duplicate field ${goQuote(path)}`) };
    }
    case YAML_TYPE: {
      const text = Buffer.from(bytes).toString('utf8');
      const { value, repeatedKeys } = withSyntaxErrors(body, options.kind, () => parseYaml(text));
      return { value, complaints: yamlComplaints(repeatedKeys) };
    }
    case PROTOBUF_TYPE:
      if (options.allowsProtobuf) return { value: decodeEnvelope(bytes, options), complaints: [] };
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
  const { value = newObject(), complaints } = parsed.value === null ? { complaints: [] } : parsed;
  if (!isObject(value)) {
    throw unrecognized(body, kind, notTyped(value));
  }
  if (resource.definition.origin === 'crd') assertTyped(body, { object: value, kind });
  checkTypes(resource, value, { body, kind });
  return decodeValue(resource, value as KubeObject, { complaints });
}

/**
 * Brings an object (of a body, or the result of a patch) into the form in which the rest of the server
 * handles it: known fields only, Go's types, defaults. `object` is changed. What has a wrong type is 400,
 * unless `refuse` makes another error of the reason. `complaints` are those that its text gave rise to.
 */
export function decodeValue(
  resource: Resource,
  object: KubeObject,
  options: {
    readonly complaints?: readonly string[];
    readonly form?: DecodedForm;
    refuse?(reason: string): Error;
  } = {},
): Decoded {
  const { form = 'text', refuse = (reason) => cannotBeHandled(resource, reason) } = options;
  if (object.metadata === undefined || object.metadata === null) object.metadata = newObject();
  const unknown =
    resource.definition.origin === 'builtin'
      ? decodeBuiltin(resource, object, { form, refuse })
      : decodeCustom(resource, object, { refuse });
  // In upstream's order: it finds the duplicates when it reads the text, before it knows the fields.
  const complaints = [
    ...(options.complaints ?? []),
    ...unknown.map((path) => `unknown field ${goQuote(path)}`),
  ];
  return { object, complaints };
}

/** A request that brings an object along. */
export interface BodyRequest {
  readonly target: Authorized<Target>;
  readonly options: WriteOptions;
  readonly context: RequestContext;
  readonly body: Body;
}

/** The object of a request in the form of its kind; what that does not know is refused or warned of. */
export function decodeRequest(form: Resource, { body, options, context }: BodyRequest): KubeObject {
  const { object, complaints } = decodeObject(form, body);
  enforceFieldValidation(form, complaints, { options, warn: context.warn });
  return object;
}

/** Refuses, warns of or ignores unknown and duplicate fields, as the client asked. */
export function enforceFieldValidation(
  resource: Resource,
  complaints: readonly string[],
  context: { readonly options: WriteOptions; warn(text: string): void; refuse?(reason: string): Error },
): void {
  if (complaints.length === 0 || context.options.fieldValidation === 'Ignore') return;
  if (context.options.fieldValidation === 'Warn') {
    for (const warning of complaints.flatMap(warningsOf)) context.warn(warning);
    return;
  }
  const strictError = `strict decoding error: ${complaints.join(', ')}`;
  throw context.refuse?.(strictError) ?? cannotBeHandled(resource, strictError);
}

interface Refusal {
  refuse(reason: string): Error;
}

function decodeBuiltin(
  resource: Resource,
  object: KubeObject,
  { form, refuse }: Refusal & { readonly form: DecodedForm },
): string[] {
  const definition = resource.definition as BuiltinDefinition;
  const kind = bodyKind(resource);
  const error = checkDecodable(object, resource.version.schema, { kind: kind.kind, form });
  if (error !== undefined) throw refuse(error);
  const unknown = pruneUnknown(object, resource.version.schema, { isResourceRoot: true });
  // An empty list of managed fields is a wish, to forget them, where other empty lists are nothing.
  const { managedFields } = object.metadata;
  definition.decode(object, resource.version.name);
  if (managedFields?.length === 0) object.metadata.managedFields = managedFields;
  return unknown;
}

function decodeCustom(resource: Resource, object: KubeObject, { refuse }: Refusal): string[] {
  const error = checkMetadataTypes(object.metadata);
  if (error !== undefined) throw refuse(error);
  const embedded = embeddedMetadataError(object, resource.version.schema);
  if (embedded !== undefined) throw refuse(fieldErrorText(embedded));
  return decodeCustomResource(object, resource.version);
}

/** What Go says of an object whose kind or apiVersion is no text; undefined if they are. */
export function typeFieldError(object: JsonObject): string | undefined {
  for (const field of ['kind', 'apiVersion']) {
    const given = object[field];
    if (given === undefined || given === null || typeof given === 'string') continue;
    return `couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(given)} into Go struct field .${field} of type string`;
  }
  return undefined;
}

/** What is said of an object of another kind than that of a built-in endpoint. */
export function notRegistered(
  given: { readonly apiVersion: string; readonly kind: string },
  expected: string,
): string {
  const { apiVersion, kind } = given;
  return `no kind ${goQuote(kind)} is registered for version ${goQuote(apiVersion)} at the endpoint of ${expected}`;
}

/** What Go says of a value that should have been an object with a kind. */
export function notTyped(value: JsonValue): string {
  return `couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(value)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }`;
}

function unrecognized(body: Body, { kind }: { readonly kind: string }, reason: string): Error {
  return newBadRequest(
    `the object provided is unrecognized (must be of type ${kind}): ${reason} (${summaryOf(body.bytes)})`,
  );
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
  {
    body,
    kind,
  }: { readonly body: Body; readonly kind: { readonly apiVersion: string; readonly kind: string } },
): void {
  const untyped = typeFieldError(object);
  if (untyped !== undefined) throw unrecognized(body, kind, untyped);
  const { apiVersion: givenVersion, kind: givenKind } = object;
  if (typeof givenVersion === 'string' && givenVersion.split('/').length > 2) {
    throw unrecognized(body, kind, `unexpected GroupVersion string: ${givenVersion}`);
  }
  const given = { apiVersion: String(givenVersion || kind.apiVersion), kind: String(givenKind || kind.kind) };
  if (resource.definition.origin === 'crd') {
    if (given.apiVersion !== kind.apiVersion) {
      throw newBadRequest(
        `the API version in the data (${given.apiVersion}) does not match the expected API version (${kind.apiVersion})`,
      );
    }
  } else if (given.apiVersion !== kind.apiVersion || given.kind !== kind.kind) {
    const version = given.apiVersion.slice(given.apiVersion.indexOf('/') + 1);
    throw newBadRequest(
      `${given.kind} in version ${goQuote(version)} cannot be handled as a ${kind.kind}: ${notRegistered(given, kind.kind)}`,
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

/** What Go's decoder of JSON calls a value. */
export function goTypeOf(value: JsonValue): string {
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
