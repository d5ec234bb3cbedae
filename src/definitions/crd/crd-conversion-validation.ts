import { X509Certificate } from 'node:crypto';
import {
  at,
  child,
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  type FieldError,
  forbidden,
  type GoUrl,
  GoUrlError,
  invalid,
  isObject,
  type JsonObject,
  notSupported,
  parseGoUrl,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { objectAt } from './crd-view.ts';

/**
 * The rules for spec.conversion. The paths are those of upstream's internal type, which has no `webhook`.
 * Certificates that cannot be read are allowed until a CRD is established, and as long as they were so before.
 */
export function validateConversion(
  conversion: JsonObject,
  options: { readonly allowsBadCaBundle: boolean; readonly old: JsonObject | undefined },
): FieldError[] {
  const strategy = textAt(conversion, 'strategy');
  const webhook = objectAt(conversion, 'webhook');
  const clientConfig = webhook['clientConfig'];
  const reviewVersions = textsAt(webhook, 'conversionReviewVersions');
  if (strategy === 'Webhook') {
    return [
      ...validateClientConfig(clientConfig, options),
      ...validateReviewVersions(reviewVersions, options.old),
    ];
  }
  const errors: FieldError[] = [];
  if (strategy === '') errors.push(required('spec.conversion.strategy'));
  else if (strategy !== 'None') {
    errors.push(notSupported('spec.conversion.strategy', strategy, ['None', 'Webhook']));
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (isObject(clientConfig)) errors.push(forbidden(CLIENT_CONFIG, detail));
  if (reviewVersions.length > 0) errors.push(forbidden(REVIEW_VERSIONS, detail));
  return errors;
}

const CLIENT_CONFIG = 'spec.conversion.webhookClientConfig';
const REVIEW_VERSIONS = 'spec.conversion.conversionReviewVersions';

function validateClientConfig(
  config: JsonObject[string],
  { allowsBadCaBundle }: { readonly allowsBadCaBundle: boolean },
): FieldError[] {
  if (!isObject(config)) return [required(CLIENT_CONFIG, 'required when strategy is set to Webhook')];
  const { url, service } = config;
  const hasUrl = typeof url === 'string';
  const errors: FieldError[] = [];
  if (hasUrl === isObject(service)) {
    errors.push(required(CLIENT_CONFIG, 'exactly one of url or service is required'));
  } else errors.push(...(hasUrl ? validateUrl(url) : validateService(objectAt(config, 'service'))));
  const bundle = textAt(config, 'caBundle');
  const problem = bundle === '' || allowsBadCaBundle ? undefined : caBundleProblem(bundle);
  if (problem !== undefined) errors.push(invalid(child(CLIENT_CONFIG, 'caBundle'), bundle, problem));
  return errors;
}

const URL_FORM = '; desired format: https://host[/path]';

function validateUrl(text: string): FieldError[] {
  const field = child(CLIENT_CONFIG, 'url');
  let url: GoUrl;
  try {
    url = parseGoUrl(text);
  } catch (error) {
    if (!(error instanceof GoUrlError)) throw error;
    return [required(field, `url must be a valid URL: ${error.message}${URL_FORM}`)];
  }
  const errors: FieldError[] = [];
  const { scheme, host, user, fragment, query } = url;
  if (scheme !== 'https') {
    errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${URL_FORM}`));
  }
  if (host === '') errors.push(invalid(field, '', `host must be specified${URL_FORM}`));
  if (user !== undefined) {
    errors.push(invalid(field, user, 'user information is not permitted in the URL'));
  }
  if (fragment !== '') errors.push(invalid(field, fragment, 'fragments are not permitted in the URL'));
  if (query !== '') errors.push(invalid(field, query, 'query parameters are not permitted in the URL'));
  return errors;
}

/** What is wrong with a bundle of certificates, in Go's words; undefined if one of them at least can be read. */
export function caBundleProblem(bundle: string): string | undefined {
  const pem = Buffer.from(bundle, 'base64').toString('latin1');
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  const prefix = 'unable to load root certificates: ';
  if (blocks.length === 0) return `${prefix}unable to parse bytes as PEM block`;
  for (const block of blocks) {
    try {
      new X509Certificate(block);
      return undefined;
    } catch {
      // The next one may be better.
    }
  }
  return `${prefix}failed to parse certificate: x509: malformed certificate`;
}

function validateService(service: JsonObject): FieldError[] {
  const field = child(CLIENT_CONFIG, 'service');
  const errors: FieldError[] = [];
  if (textAt(service, 'name') === '') errors.push(required(child(field, 'name')));
  if (textAt(service, 'namespace') === '') {
    errors.push(required(child(field, 'namespace')));
  }
  const port = service['port'];
  if (typeof port === 'number' && (port < 1 || port > 65535)) {
    const detail = 'port is not valid: must be between 1 and 65535, inclusive';
    errors.push(invalid(child(field, 'port'), port, detail));
  }
  errors.push(...validateServicePath(textAt(service, 'path'), child(field, 'path')));
  return errors;
}

function validateServicePath(path: string, field: string): FieldError[] {
  if (path === '' || path === '/') return [];
  if (path === '//') return [invalid(field, path, 'segment[0] may not be empty')];
  const errors: FieldError[] = [];
  if (!path.startsWith('/')) errors.push(invalid(field, path, "must start with a '/'"));
  const segments = path.slice(1).replace(/\/$/, '').split('/');
  segments.forEach((segment, index) => {
    if (segment === '') errors.push(invalid(field, path, `segment[${index}] may not be empty`));
    else {
      for (const problem of dns1123SubdomainErrors(segment)) {
        errors.push(invalid(field, path, `segment[${index}]: ${problem}`));
      }
    }
  });
  return errors;
}

function validateReviewVersions(versions: readonly string[], old: JsonObject | undefined): FieldError[] {
  if (versions.length === 0) return [required(REVIEW_VERSIONS)];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const field = at(REVIEW_VERSIONS, index);
    if (seen.has(version)) {
      errors.push(invalid(field, version, 'duplicate version'));
      return;
    }
    seen.add(version);
    for (const problem of dns1035LabelErrors(version)) errors.push(invalid(field, version, problem));
  });
  const isKnown = (version: string) => version === 'v1' || version === 'v1beta1';
  const oldVersions = textsAt(objectAt(old, 'webhook'), 'conversionReviewVersions');
  const wasUnknown = oldVersions.length > 0 && !oldVersions.some(isKnown);
  if (!wasUnknown && !versions.some(isKnown)) {
    errors.push(invalid(REVIEW_VERSIONS, [...versions], 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
