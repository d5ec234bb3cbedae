/** The libraries of functions that Kubernetes adds to the language. */
export * from './cidr-library.ts';
export * from './format-library.ts';
export * from './ip-library.ts';
export * from './kubernetes-environment.ts';
export * from './quantity-library.ts';
export * from './semver-library.ts';
export * from './url-library.ts';
