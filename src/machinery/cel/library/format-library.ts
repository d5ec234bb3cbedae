import type { FunctionDeclaration } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { CelType, listType, optionalType, stringType } from '../types.ts';
import { CelArray, type CelError, CelOpaque, CelOptional, type CelValue } from '../values.ts';
import { type NamedFormat, namedFormats } from './named-formats.ts';
import { callOf, methodOf } from './signatures.ts';

export const formatType = new CelType({ kind: 'object', name: 'kubernetes.NamedFormat' });

/** A format that texts can be checked against. */
export class CelFormat extends CelOpaque {
  readonly type = formatType;
  readonly format: NamedFormat;

  constructor(format: NamedFormat) {
    super();
    this.format = format;
  }

  equals(other: CelValue): boolean | CelError {
    return other instanceof CelFormat ? this.format.name === other.format.name : noSuchOverload;
  }
}

/** Kubernetes' named formats: `format.named('uuid')`, `format.uuid()` and `<format>.validate(text)`. */
export const formatFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'validate',
    overloads: [
      {
        id: 'format-validate',
        ...methodOf([formatType, stringType], optionalType(listType(stringType))),
        evaluate: ({ format }: CelFormat, text: string) => {
          const errors = format.errorsOf(text);
          return errors.length === 0 ? CelOptional.none : CelOptional.of(new CelArray(errors));
        },
      },
    ],
  },
  {
    name: 'format.named',
    overloads: [
      {
        id: 'format-named',
        ...callOf([stringType], optionalType(formatType)),
        evaluate: (name: string) => {
          const format = namedFormats.get(name);
          return format === undefined ? CelOptional.none : CelOptional.of(new CelFormat(format));
        },
      },
    ],
  },
  ...[...namedFormats].map(([name, format]) => ({
    name: `format.${name}`,
    overloads: [{ id: `format.${name}`, ...callOf([], formatType), evaluate: () => new CelFormat(format) }],
  })),
];
