/** What `@peculiar/x509` exports. */
export type X509Library = typeof import('@peculiar/x509');

let library: Promise<X509Library> | undefined;

/**
 * Loads the X.509 library on first use. It costs a quarter of a second, which only the first start and a
 * renewal shall pay, so nothing may import it statically.
 */
export function loadX509(): Promise<X509Library> {
  library ??= importWithMetadataReflection();
  return library;
}

// The library's dependency injection refuses to load unless the proposal for metadata reflection is
// present, but none of the library's classes has any metadata: every answer is "none". Stating that for
// the time of the import is smaller than a polyfill, which would patch a global for the whole process.
async function importWithMetadataReflection(): Promise<X509Library> {
  const added: string[] = [];
  for (const name of ['getMetadata', 'getOwnMetadata']) {
    if (name in Reflect) continue;
    Object.defineProperty(Reflect, name, { value: () => undefined, configurable: true });
    added.push(name);
  }
  try {
    return await import('@peculiar/x509');
  } finally {
    for (const name of added) Reflect.deleteProperty(Reflect, name);
  }
}
