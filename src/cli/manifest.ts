import { isObject, type JsonValue, parseYaml } from '../machinery/mod.ts';
import { Failure, reasonOf } from './failure.ts';

/** The documents of a text in YAML or JSON, and the items of lists among them. `name` is what errors call the text. */
export function documentsIn(text: string, name: string): readonly JsonValue[] {
  return text
    .split(/^---(?:[^\S\n]+#[^\n]*|[^\S\n]*)$/m)
    .filter((document) =>
      document.split('\n').some((line) => line.trim() !== '' && !line.trimStart().startsWith('#')),
    )
    .flatMap((document) => itemsOf(parse(document, name)));
}

function parse(document: string, name: string): JsonValue {
  try {
    return parseYaml(document).value;
  } catch (error) {
    throw new Failure(`cannot read ${name}: ${reasonOf(error)}`, { cause: error });
  }
}

// What kubectl get prints for several objects.
function itemsOf(document: JsonValue): readonly JsonValue[] {
  if (!isObject(document) || !Array.isArray(document['items'])) return [document];
  return typeof document['kind'] === 'string' && document['kind'].endsWith('List')
    ? document['items']
    : [document];
}
