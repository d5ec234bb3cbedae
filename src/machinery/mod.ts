/** Kubernetes' data model: values, objects, errors, names, times, quantities, schemas, patches and encodings. */
export * from './field-error.ts';
export * from './json.ts';
export * from './json-value.ts';
export * from './kube-object.ts';
export * from './metadata.ts';
export * from './names.ts';
export * from './quantity.ts';
export * from './schema/schema.ts';
export * from './status-error.ts';
export * from './timestamps.ts';
export * from './yaml.ts';
