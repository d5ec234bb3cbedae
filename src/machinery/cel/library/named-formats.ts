import { requestUriError } from '../../go/mod.ts';
import {
  dns1035LabelErrors,
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  labelValueErrors,
  maskTrailingDash,
  qualifiedNameErrors,
} from '../../names.ts';
import { matchesFormat } from '../../schema/formats.ts';

/** A format that texts can be checked against, by a name of the language. */
export interface NamedFormat {
  /** The name that makes two formats equal; it differs in case from the one in expressions. */
  readonly name: string;
  /** What is wrong with a text; empty if nothing is. */
  readonly errorsOf: (text: string) => readonly string[];
  /** How long a pattern for it would be, which its cost is counted by. */
  readonly patternLength: number;
}

/** Kubernetes' formats by the names that expressions use (`format.dns1123Label()`). */
export const namedFormats: ReadonlyMap<string, NamedFormat> = new Map<string, NamedFormat>([
  ['dns1123Label', { name: 'DNS1123Label', errorsOf: dns1123LabelErrors, patternLength: 30 }],
  ['dns1123Subdomain', { name: 'DNS1123Subdomain', errorsOf: dns1123SubdomainErrors, patternLength: 60 }],
  ['dns1035Label', { name: 'DNS1035Label', errorsOf: dns1035LabelErrors, patternLength: 30 }],
  [
    'qualifiedName',
    { name: 'QualifiedName', errorsOf: inOlderWords(qualifiedNameErrors), patternLength: 60 },
  ],
  ['dns1123LabelPrefix', prefixFormat('DNS1123LabelPrefix', dns1123LabelErrors, 30)],
  ['dns1123SubdomainPrefix', prefixFormat('DNS1123SubdomainPrefix', dns1123SubdomainErrors, 60)],
  ['dns1035LabelPrefix', prefixFormat('DNS1035LabelPrefix', dns1035LabelErrors, 30)],
  ['labelValue', { name: 'LabelValue', errorsOf: inOlderWords(labelValueErrors), patternLength: 40 }],
  ['uri', { name: 'URI', errorsOf: uriErrors, patternLength: 1103 }],
  ['uuid', schemaFormat('uuid', 'does not match the UUID format', 70)],
  ['byte', schemaFormat('byte', 'invalid base64', 84)],
  ['date', schemaFormat('date', 'invalid date', 71)],
  ['datetime', schemaFormat('datetime', 'invalid datetime', 71)],
]);

/** Formats speak of qualified names and characters where the checks of metadata speak of label keys and bytes. */
function inOlderWords(errorsOf: (text: string) => readonly string[]): NamedFormat['errorsOf'] {
  return (text) =>
    errorsOf(text).map((error) =>
      error.replace(/^a valid label key/, 'a qualified name').replace(/ bytes$/, ' characters'),
    );
}

/** A prefix of a generated name may end in a dash, since something will follow. */
function prefixFormat(name: string, errorsOf: NamedFormat['errorsOf'], patternLength: number): NamedFormat {
  return {
    name,
    errorsOf: (text) => errorsOf(maskTrailingDash(text)),
    patternLength,
  };
}

function schemaFormat(name: string, problem: string, patternLength: number): NamedFormat {
  return { name, errorsOf: (text) => (matchesFormat(name, text) ? [] : [problem]), patternLength };
}

function uriErrors(text: string): readonly string[] {
  const problem = requestUriError(text);
  return problem === undefined ? [] : [problem];
}
