import { encodeJson, encodePretty, encodeYaml, type JsonObject } from '../machinery/mod.ts';
import type { Format } from './format.ts';

/**
 * How a list is written as text piece by piece: the members that are known at the beginning, the items, the
 * members that are known at the end. Members have no order in any of these languages.
 */
export interface ListSyntax {
  /** Up to the first item; `members` must not be empty. */
  open(members: JsonObject, itemsKey: string): string;
  /** Some items, with what separates them from earlier ones; there is at least one. */
  items(items: readonly JsonObject[], options: { readonly isFirst: boolean }): string;
  /** All behind the last item; `members` may be empty. */
  close(members: JsonObject, options: { readonly isEmpty: boolean }): string;
}

export function listSyntaxOf(format: Pick<Format, 'media' | 'isPretty'>): ListSyntax {
  if (format.media === 'yaml') return YAML;
  return format.isPretty ? INDENTED : COMPACT;
}

const COMPACT: ListSyntax = {
  open(members, itemsKey) {
    return `${encodeJson(members).slice(0, -1)},"${itemsKey}":[`;
  },
  items(items, { isFirst }) {
    return (isFirst ? '' : ',') + items.map(encodeJson).join(',');
  },
  close(members) {
    const rest = encodeJson(members).slice(1, -1);
    return `]${rest === '' ? '' : `,${rest}`}}\n`;
  },
};

const INDENTED: ListSyntax = {
  open(members, itemsKey) {
    // Without the line break and the brace that end an object.
    return `${encodePretty(members).slice(0, -2)},\n  "${itemsKey}": [`;
  },
  items(items, { isFirst }) {
    const texts = items.map((item) => `\n    ${encodePretty(item, { level: 2 })}`);
    return (isFirst ? '' : ',') + texts.join(',');
  },
  close(members, { isEmpty }) {
    const rest = Object.keys(members).length === 0 ? '' : `,${encodePretty(members).slice(1, -2)}`;
    return `${isEmpty ? '' : '\n  '}]${rest}\n}\n`;
  },
};

const YAML: ListSyntax = {
  open(members, itemsKey) {
    return `${encodeYaml(members)}${itemsKey}:`;
  },
  items(items, { isFirst }) {
    return (isFirst ? '\n' : '') + encodeYaml([...items]);
  },
  close(members, { isEmpty }) {
    return (isEmpty ? ' []\n' : '') + (Object.keys(members).length === 0 ? '' : encodeYaml(members));
  },
};
