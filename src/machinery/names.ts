/**
 * The rules for names, label keys and label values, with apimachinery's wording. Every function here
 * returns the list of what is wrong, without a path; an empty list means valid.
 */

const DNS1123_LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS1123_SUBDOMAIN = `${DNS1123_LABEL}(\\.${DNS1123_LABEL})*`;
const DNS1035_LABEL = '[a-z]([-a-z0-9]*[a-z0-9])?';
const LABEL_KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${LABEL_KEY_NAME})?`;

const LABEL_BYTES_MAX = 63;
const SUBDOMAIN_BYTES_MAX = 253;

/** What is wrong with a name of a kind; `isPrefix` when it is generateName, to which a suffix will be added. */
export type NameValidator = (name: string, options: { readonly isPrefix: boolean }) => string[];

/** A DNS label after RFC 1123: lower case, digits and `-`, at most 63 bytes. */
export function dns1123LabelErrors(value: string): string[] {
  const errors = byteLength(value) > LABEL_BYTES_MAX ? [noMoreThan(LABEL_BYTES_MAX, 'characters')] : [];
  if (!isDnsLabel(value, { mayStartWithDigit: true })) {
    errors.push(
      isDnsSubdomain(value)
        ? 'must not contain dots'
        : regexError(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
            DNS1123_LABEL,
            ['my-name', '123-abc'],
          ),
    );
  }
  return errors;
}

/** DNS labels after RFC 1123 joined by dots, at most 253 bytes. */
export function dns1123SubdomainErrors(value: string): string[] {
  return subdomainErrors(value, 'characters');
}

/** A DNS label after RFC 1035: as RFC 1123's, but it starts with a letter. */
export function dns1035LabelErrors(value: string): string[] {
  const errors = byteLength(value) > LABEL_BYTES_MAX ? [noMoreThan(LABEL_BYTES_MAX, 'characters')] : [];
  if (!isDnsLabel(value, { mayStartWithDigit: false })) {
    errors.push(
      regexError(
        "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
        DNS1035_LABEL,
        ['my-name', 'abc-123'],
      ),
    );
  }
  return errors;
}

/**
 * What may stand as one segment of a URL path and of a storage key (all names must). Upstream takes control
 * characters; here no URL may hold one, and NUL separates the parts of storage keys.
 */
export function pathSegmentErrors(value: string, { isPrefix }: { readonly isPrefix: boolean }): string[] {
  if (!isPrefix && (value === '.' || value === '..')) return [`may not be '${value}'`];
  const errors = ['/', '%'].filter((text) => value.includes(text)).map((text) => `may not contain '${text}'`);
  if (/\p{Cc}/u.test(value)) errors.push('may not contain control characters');
  return errors;
}

/** A label key: an optional DNS subdomain and `/`, then a name of at most 63 bytes. */
export function qualifiedNameErrors(value: string): string[] {
  const errors: string[] = [];
  const slash = value.indexOf('/');
  if (slash !== value.lastIndexOf('/')) {
    return [
      `a valid label key ${labelKeyNameError()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  if (slash === 0) errors.push('prefix part must be non-empty');
  else if (slash > 0) {
    for (const error of subdomainErrors(value.slice(0, slash), 'bytes')) errors.push(`prefix part ${error}`);
  }
  const name = value.slice(slash + 1);
  if (name === '') errors.push('name part must be non-empty');
  else if (byteLength(name) > LABEL_BYTES_MAX)
    errors.push(`name part ${noMoreThan(LABEL_BYTES_MAX, 'bytes')}`);
  if (!isLabelKeyName(name)) errors.push(`name part ${labelKeyNameError()}`);
  return errors;
}

/** A label value: empty, or as the name part of a label key. */
export function labelValueErrors(value: string): string[] {
  const errors = byteLength(value) > LABEL_BYTES_MAX ? [noMoreThan(LABEL_BYTES_MAX, 'bytes')] : [];
  if (value !== '' && !isLabelKeyName(value)) {
    errors.push(
      regexError(
        "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        LABEL_VALUE,
        ['MyValue', 'my_value', '12345'],
      ),
    );
  }
  return errors;
}

/** The rule for most kinds' names. */
export const validateDns1123SubdomainName: NameValidator = (name, { isPrefix }) =>
  dns1123SubdomainErrors(isPrefix ? maskTrailingDash(name) : name);

/** The rule for namespaces' names. */
export const validateDns1123LabelName: NameValidator = (name, { isPrefix }) =>
  dns1123LabelErrors(isPrefix ? maskTrailingDash(name) : name);

/** The rule for RBAC objects' names. */
export const validatePathSegmentName: NameValidator = (name, options) => pathSegmentErrors(name, options);

function subdomainErrors(value: string, unit: 'bytes' | 'characters'): string[] {
  const errors = byteLength(value) > SUBDOMAIN_BYTES_MAX ? [noMoreThan(SUBDOMAIN_BYTES_MAX, unit)] : [];
  if (!isDnsSubdomain(value)) {
    errors.push(
      regexError(
        "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
        DNS1123_SUBDOMAIN,
        ['example.com'],
      ),
    );
  }
  return errors;
}

function labelKeyNameError(): string {
  return regexError(
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
    LABEL_KEY_NAME,
    ['MyName', 'my.name', '123-abc'],
  );
}

function noMoreThan(max: number, unit: 'bytes' | 'characters'): string {
  return `must be no more than ${max} ${unit}`;
}

function regexError(message: string, regex: string, examples: readonly string[]): string {
  // Upstream puts a comma after each example, also before the "or".
  const list = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (e.g. ${list}regex used for validation is '${regex}')`;
}

/**
 * Replaces the last two characters of a prefix that ends in a dash, as upstream does, so that `foo-`
 * is judged as if something followed the dash.
 */
export function maskTrailingDash(name: string): string {
  if (name.length <= 1 || !name.endsWith('-')) return name;
  // Upstream cuts bytes: of another character than ASCII's the first ones stay, and the name stays invalid.
  return name.charCodeAt(name.length - 2) > 0x7f ? name : `${name.slice(0, -2)}a`;
}

// The patterns above are only printed. They nest repetitions, which a backtracking engine may walk in
// more than linear time on a long name, so the checks are written out.

function isDnsLabel(value: string, { mayStartWithDigit }: { readonly mayStartWithDigit: boolean }): boolean {
  if (!/^[-a-z0-9]+$/.test(value) || value.startsWith('-') || value.endsWith('-')) return false;
  return mayStartWithDigit || value.charCodeAt(0) >= 97;
}

function isDnsSubdomain(value: string): boolean {
  if (!/^[-.a-z0-9]+$/.test(value)) return false;
  return value.split('.').every((label) => label !== '' && !label.startsWith('-') && !label.endsWith('-'));
}

function isLabelKeyName(value: string): boolean {
  return /^[-A-Za-z0-9_.]+$/.test(value) && /^[^-_.]/.test(value) && /[^-_.]$/.test(value);
}

function byteLength(value: string): number {
  return Buffer.byteLength(value);
}
