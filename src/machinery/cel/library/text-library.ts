import type { FunctionDeclaration } from '../functions.ts';
import { dynType, intType, listType, stringType } from '../types.ts';
import { celText } from '../value-text.ts';
import { CelArray, CelError, type CelList, type CelResult } from '../values.ts';
import { formatText } from './format-text.ts';
import { callOf, methodOf } from './signatures.ts';
import * as text from './text-functions.ts';

/** cel-go's strings extension, version 2 (before `reverse`). */
export const textFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'charAt',
    overloads: [
      { id: 'string_char_at_int', ...methodOf([stringType, intType], stringType), evaluate: text.charAt },
    ],
  },
  {
    name: 'indexOf',
    overloads: [
      {
        id: 'string_index_of_string',
        ...methodOf([stringType, stringType], intType),
        evaluate: text.indexOf,
      },
      {
        id: 'string_index_of_string_int',
        ...methodOf([stringType, stringType, intType], intType),
        evaluate: text.indexOf,
      },
    ],
  },
  {
    name: 'lastIndexOf',
    overloads: [
      {
        id: 'string_last_index_of_string',
        ...methodOf([stringType, stringType], intType),
        evaluate: text.lastIndexOf,
      },
      {
        id: 'string_last_index_of_string_int',
        ...methodOf([stringType, stringType, intType], intType),
        evaluate: text.lastIndexOf,
      },
    ],
  },
  {
    name: 'lowerAscii',
    overloads: [
      { id: 'string_lower_ascii', ...methodOf([stringType], stringType), evaluate: text.lowerAscii },
    ],
  },
  {
    name: 'upperAscii',
    overloads: [
      { id: 'string_upper_ascii', ...methodOf([stringType], stringType), evaluate: text.upperAscii },
    ],
  },
  {
    name: 'trim',
    overloads: [{ id: 'string_trim', ...methodOf([stringType], stringType), evaluate: text.trim }],
  },
  {
    name: 'replace',
    overloads: [
      {
        id: 'string_replace_string_string',
        ...methodOf([stringType, stringType, stringType], stringType),
        evaluate: replace,
      },
      {
        id: 'string_replace_string_string_int',
        ...methodOf([stringType, stringType, stringType, intType], stringType),
        evaluate: replace,
      },
    ],
  },
  {
    name: 'split',
    overloads: [
      {
        id: 'string_split_string',
        ...methodOf([stringType, stringType], listType(stringType)),
        evaluate: split,
      },
      {
        id: 'string_split_string_int',
        ...methodOf([stringType, stringType, intType], listType(stringType)),
        evaluate: split,
      },
    ],
  },
  {
    name: 'substring',
    overloads: [
      {
        id: 'string_substring_int',
        ...methodOf([stringType, intType], stringType),
        evaluate: text.substring,
      },
      {
        id: 'string_substring_int_int',
        ...methodOf([stringType, intType, intType], stringType),
        evaluate: text.substring,
      },
    ],
  },
  {
    name: 'format',
    overloads: [
      { id: 'string_format', ...methodOf([stringType, listType(dynType)], stringType), evaluate: formatText },
    ],
  },
  {
    name: 'strings.quote',
    overloads: [{ id: 'strings_quote', ...callOf([stringType], stringType), evaluate: text.quote }],
  },
  {
    name: 'join',
    overloads: [
      { id: 'list_join', ...methodOf([listType(stringType)], stringType), evaluate: join },
      { id: 'list_join_string', ...methodOf([listType(stringType), stringType], stringType), evaluate: join },
    ],
  },
];

function replace(value: string, from: string, to: string, countMax = -1n): CelResult {
  return text.replace(value, { from, to, countMax });
}

function split(value: string, separator: string, countMax = -1n): CelResult {
  return new CelArray(text.split(value, separator, countMax));
}

/** As Go prints it; to Go, null is the number of an enum. */
function shownText(element: CelResult): string {
  if (element instanceof CelError) return element.message;
  return element === null ? '0' : celText(element);
}

function join(list: CelList, separator = ''): CelResult {
  const parts: string[] = [];
  for (let index = 0; index < list.size; index++) {
    const element: CelResult = list.get(index);
    if (typeof element !== 'string') {
      return new CelError(`join: invalid input: ${shownText(element)}`);
    }
    parts.push(element);
  }
  return parts.join(separator);
}
