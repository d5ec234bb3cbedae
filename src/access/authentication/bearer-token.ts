/**
 * The token in an Authorization header, as upstream reads it: the scheme counts in any case, what follows the
 * token does not count. Undefined when there is none; then the request is one without credentials.
 */
export function bearerToken(authorization: string): string | undefined {
  const [scheme = '', token = ''] = authorization.trim().split(' ', 2);
  return scheme.toLowerCase() === 'bearer' && token !== '' ? token : undefined;
}
