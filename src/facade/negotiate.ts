import { type Format, PLAIN_JSON } from '../api/mod.ts';
import { newNotAcceptable, parseIncludeObject } from '../machinery/mod.ts';
import { type AcceptClause, parseAccept } from './accept.ts';

/** What a kind can be shown as. */
export interface Offer {
  readonly allowsProtobuf: boolean;
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

/** Chooses the format of a response: the first clause that can be served. Throws 406 when there is none. */
export function negotiate(request: {
  readonly accept: string | undefined;
  readonly includeObject: string | undefined;
  readonly isPretty: boolean;
  readonly offer: Offer;
}): Format {
  const { accept, isPretty, offer } = request;
  const formats = parseAccept(accept).flatMap((clause) => formatOf(clause, offer) ?? []);
  const first = formats[0];
  if (first === undefined) throw newNotAcceptable(`only the following media types are accepted: ${ACCEPTED}`);
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

function formatOf(clause: AcceptClause, offer: Offer): Format | undefined {
  const media = MEDIA[clause.mediaType];
  if (media === undefined || (offer.isStream && media === 'yaml')) return undefined;
  const isPretty = clause.parameters.get('pretty') === '1' || clause.parameters.get('pretty') === 'true';
  const as = clause.parameters.get('as');
  if (as === undefined) {
    if (media === 'protobuf' && !offer.allowsProtobuf) return undefined;
    return { ...PLAIN_JSON, media, isPretty };
  }
  const version = clause.parameters.get('v');
  const isKnown = TRANSFORMS.includes(as) && clause.parameters.get('g') === 'meta.k8s.io';
  if (!isKnown || !offer.allowsTransforms || (version !== 'v1' && version !== 'v1beta1')) return undefined;
  if (as === 'Table' && media === 'protobuf') return undefined;
  return { ...PLAIN_JSON, media, isPretty, as: as as Format['as'], apiVersion: `meta.k8s.io/${version}` };
}
