import {
  at,
  child,
  dns1035LabelErrors,
  type FieldError,
  invalid,
  type JsonObject,
  required,
  textAt,
  textsAt,
} from '../../machinery/mod.ts';

/** The names that a spec must have; the status has none until they are accepted. */
export function validateRequiredNames(names: JsonObject): FieldError[] {
  return ['plural', 'singular', 'kind', 'listKind']
    .filter((key) => textAt(names, key) === '')
    .map((key) => required(`spec.names.${key}`));
}

/** The form of the names that are given. */
export function validateNames(names: JsonObject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const key of ['plural', 'singular'])
    errors.push(...validateLabel(textAt(names, key), child(path, key)));
  for (const key of ['kind', 'listKind']) {
    const name = textAt(names, key);
    const problems = name === '' ? [] : dns1035LabelErrors(name.toLowerCase());
    if (problems.length === 0) continue;
    const detail = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
    errors.push(invalid(child(path, key), name, detail));
  }
  textsAt(names, 'shortNames').forEach((name, index) => {
    errors.push(...validateListedLabel(name, at(child(path, 'shortNames'), index)));
  });
  const listKind = textAt(names, 'listKind');
  if (listKind !== '' && listKind === textAt(names, 'kind')) {
    errors.push(invalid(child(path, 'listKind'), listKind, 'kind and listKind may not be the same'));
  }
  textsAt(names, 'categories').forEach((name, index) => {
    errors.push(...validateListedLabel(name, at(child(path, 'categories'), index)));
  });
  return errors;
}

function validateLabel(name: string, path: string): FieldError[] {
  return name === '' ? [] : validateListedLabel(name, path);
}

function validateListedLabel(name: string, path: string): FieldError[] {
  const problems = dns1035LabelErrors(name);
  return problems.length === 0 ? [] : [invalid(path, name, problems.join(','))];
}
