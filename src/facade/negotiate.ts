import { type Format, PLAIN_JSON } from '../api/mod.ts';
import { newNotAcceptable, parseIncludeObject } from '../machinery/mod.ts';
import { type AcceptClause, parseAccept } from './accept.ts';

/** What a kind can be shown as. */
export interface Offer {
  /** Built-in kinds and discovery: upstream routes them by media type before it negotiates. */
  readonly isBuiltin: boolean;
  /** Where `stream` is among the types that the route lists. */
  readonly isCollection: boolean;
  readonly allowsTransforms: boolean;
  /** A whole collection: it is streamed as JSON where the client takes that too, since protobuf cannot be. */
  readonly prefersJson: boolean;
  readonly isStream: boolean;
}

const MEDIA: Readonly<Record<string, Format['media']>> = {
  'application/json': 'json',
  'application/*': 'json',
  '*/*': 'json',
  'application/yaml': 'yaml',
  'application/vnd.kubernetes.protobuf': 'protobuf',
};
const TRANSFORMS = ['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList'];
const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';
const STREAMED = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch';

/**
 * Chooses the format of a response: the first clause that can be served. Throws 406 when there is none. The
 * order of upstream's steps can be seen from outside: routes of built-in kinds refuse what names none of their
 * types, `application/*` too; a watch takes the first clause that an object could be sent in, and is refused
 * if that cannot be streamed.
 */
export function negotiate(request: {
  readonly accept: string | undefined;
  readonly includeObject: string | undefined;
  readonly isPretty: boolean;
  readonly offer: Offer;
}): Format {
  const { accept, isPretty, offer } = request;
  const clauses = parseAccept(accept);
  if (offer.isBuiltin) assertRoutable(clauses, offer.isCollection ? `${ACCEPTED}, ${STREAMED}` : ACCEPTED);
  const formats = clauses.flatMap((clause) => formatOf(clause, offer) ?? []);
  const first = formats[0];
  if (first === undefined || (offer.isStream && first.media === 'yaml'))
    throw newNotAcceptable(`only the following media types are accepted: ${ACCEPTED}`);
  const isHeavy = offer.prefersJson && first.media === 'protobuf';
  const chosen = isHeavy
    ? (formats.find(({ media, as }) => media === 'json' && as === first.as) ?? first)
    : first;
  const isTable = chosen.as === 'Table';
  const includeObject = isTable ? parseIncludeObject(request.includeObject) : PLAIN_JSON.includeObject;
  return { ...chosen, includeObject, isPretty: chosen.isPretty || isPretty };
}

/** The content type of a response of this format. */
export function contentTypeOf(
  format: Pick<Format, 'media'>,
  options: { readonly isStream: boolean },
): string {
  switch (format.media) {
    case 'json':
      return 'application/json';
    case 'yaml':
      return 'application/yaml';
    case 'protobuf':
      return options.isStream
        ? 'application/vnd.kubernetes.protobuf;stream=watch'
        : 'application/vnd.kubernetes.protobuf';
  }
}

// The router in front of upstream’s built-in kinds compares names, and knows no wildcard but that for everything.
export function assertRoutable(clauses: readonly AcceptClause[], offered: string): void {
  const names = offered.split(', ');
  if (clauses.some(({ mediaType }) => mediaType === '*/*' || names.includes(mediaType))) return;
  throw newNotAcceptable(`406: Not Acceptable\n\nAvailable representations: ${offered}`);
}

/** The media type of an error: no clause that asks for another form of the object counts. */
export function errorMedia(accept: string | undefined): Format['media'] | undefined {
  const offer = { isBuiltin: true, isCollection: false, allowsTransforms: false, prefersJson: false };
  for (const clause of parseAccept(accept)) {
    const format = formatOf(clause, { ...offer, isStream: false });
    if (format !== undefined) return format.media;
  }
  return undefined;
}

function formatOf(clause: AcceptClause, offer: Offer): Format | undefined {
  const media = MEDIA[clause.mediaType];
  if (media === undefined) return undefined;
  const stream = clause.parameters.get('stream');
  if (stream !== undefined && (stream !== 'watch' || media === 'yaml')) return undefined;
  const isPretty = clause.parameters.get('pretty') === '1' || clause.parameters.get('pretty') === 'true';
  const as = clause.parameters.get('as');
  if (as === undefined) {
    if (media === 'protobuf' && !offer.isBuiltin) return undefined;
    return { ...PLAIN_JSON, media, isPretty };
  }
  const version = clause.parameters.get('v');
  const isKnown = TRANSFORMS.includes(as) && clause.parameters.get('g') === 'meta.k8s.io';
  if (!isKnown || !offer.allowsTransforms || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table' && media === 'protobuf') return undefined;
  return { ...PLAIN_JSON, media, isPretty, as: as as Format['as'], apiVersion: `meta.k8s.io/${version}` };
}
