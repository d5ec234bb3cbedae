import {
  at,
  child,
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  type FieldError,
  forbidden,
  invalid,
  isObject,
  type JsonObject,
  notSupported,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';
import { objectAt } from './crd-view.ts';

/** The rules for spec.conversion. The paths are those of upstream's internal type, which has no `webhook`. */
export function validateConversion(conversion: JsonObject): FieldError[] {
  const strategy = textAt(conversion, 'strategy');
  const webhook = objectAt(conversion, 'webhook');
  const clientConfig = webhook['clientConfig'];
  const reviewVersions = textsAt(webhook, 'conversionReviewVersions');
  if (strategy === 'Webhook') {
    return [...validateClientConfig(clientConfig), ...validateReviewVersions(reviewVersions)];
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

function validateClientConfig(config: JsonObject[string]): FieldError[] {
  if (!isObject(config)) return [required(CLIENT_CONFIG, 'required when strategy is set to Webhook')];
  const { url, service } = config;
  const hasUrl = typeof url === 'string';
  if (hasUrl === isObject(service))
    return [required(CLIENT_CONFIG, 'exactly one of url or service is required')];
  return hasUrl ? validateUrl(url) : validateService(objectAt(config, 'service'));
}

const URL_FORM = '; desired format: https://host[/path]';

function validateUrl(text: string): FieldError[] {
  const field = child(CLIENT_CONFIG, 'url');
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [
      required(field, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URI${URL_FORM}`),
    ];
  }
  const errors: FieldError[] = [];
  const scheme = url.protocol.slice(0, -1);
  if (scheme !== 'https')
    errors.push(invalid(field, scheme, `'https' is the only allowed URL scheme${URL_FORM}`));
  if (url.host === '') errors.push(invalid(field, '', `host must be specified${URL_FORM}`));
  if (url.username !== '' || url.password !== '') {
    errors.push(invalid(field, url.username, 'user information is not permitted in the URL'));
  }
  if (url.hash !== '')
    errors.push(invalid(field, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '') {
    errors.push(invalid(field, url.search.slice(1), 'query parameters are not permitted in the URL'));
  }
  return errors;
}

function validateService(service: JsonObject): FieldError[] {
  const field = child(CLIENT_CONFIG, 'service');
  const errors: FieldError[] = [];
  if (textAt(service, 'name') === '') errors.push(required(child(field, 'name'), 'service name is required'));
  if (textAt(service, 'namespace') === '') {
    errors.push(required(child(field, 'namespace'), 'service namespace is required'));
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

function validateReviewVersions(versions: readonly string[]): FieldError[] {
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
  if (!seen.has('v1') && !seen.has('v1beta1')) {
    errors.push(invalid(REVIEW_VERSIONS, [...versions], 'must include at least one of v1, v1beta1'));
  }
  return errors;
}
