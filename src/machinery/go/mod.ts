/** What Go's standard library makes of texts, where upstream's answers depend on it. */
export { fromByteText, quoteByteText, toByteText } from './byte-text.ts';
export * from './ip-address.ts';
export * from './ip-network.ts';
export {
  escapedPath,
  formatGoUrl,
  type GoUrl,
  hostnameOf,
  isRequestUri,
  parseGoUrl,
  portOf,
  queryOf,
  requestUriError,
} from './url.ts';
export { UrlError } from './url-escape.ts';
