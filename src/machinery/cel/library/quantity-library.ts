import {
  addQuantities,
  compareQuantities,
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityAsFloat,
  quantityAsInt64,
  quantityOfInteger,
  subtractQuantities,
} from '../../quantity.ts';
import type { FunctionDeclaration, Overload } from '../functions.ts';
import { noSuchOverload } from '../numbers.ts';
import { boolType, CelType, doubleType, intType, stringType } from '../types.ts';
import { CelError, CelOpaque, type CelValue } from '../values.ts';
import { faultOf, succeeds } from './faults.ts';
import { callOf, methodOf } from './signatures.ts';

export const quantityType = new CelType({ kind: 'object', name: 'kubernetes.Quantity' });

/** A resource quantity. */
export class CelQuantity extends CelOpaque {
  readonly type = quantityType;
  readonly quantity: Quantity;
  /** Sums and differences are pointers upstream, which its equality does not know on its right side. */
  readonly isComputed: boolean;

  constructor(quantity: Quantity, { isComputed }: { readonly isComputed: boolean }) {
    super();
    this.quantity = quantity;
    this.isComputed = isComputed;
  }

  equals(other: CelValue): boolean | CelError {
    if (!(other instanceof CelQuantity) || other.isComputed) return noSuchOverload;
    return compareQuantities(this.quantity, other.quantity) === 0;
  }
}

/** Kubernetes' functions on quantities. */
export const quantityFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'quantity',
    overloads: [
      {
        id: 'string_to_quantity',
        ...callOf([stringType], quantityType),
        evaluate: (text: string) =>
          faultOf(QuantityError, () => new CelQuantity(parseQuantity(text), { isComputed: false })),
      },
    ],
  },
  {
    name: 'isQuantity',
    overloads: [
      {
        id: 'is_quantity_string',
        ...callOf([stringType], boolType),
        evaluate: (text: string) => succeeds(QuantityError, () => parseQuantity(text)),
      },
    ],
  },
  {
    // Not a method, unlike all others.
    name: 'sign',
    overloads: [
      {
        id: 'quantity_sign',
        ...callOf([quantityType], intType),
        evaluate: ({ quantity }: CelQuantity) => BigInt(compareQuantities(quantity, ZERO)),
      },
    ],
  },
  comparison('isGreaterThan', 'quantity_is_greater_than', (order) => order > 0),
  comparison('isLessThan', 'quantity_is_less_than', (order) => order < 0),
  comparison('compareTo', 'quantity_compare_to', (order) => BigInt(order)),
  {
    name: 'asApproximateFloat',
    overloads: [
      {
        id: 'quantity_get_float',
        ...methodOf([quantityType], doubleType),
        evaluate: ({ quantity }: CelQuantity) => quantityAsFloat(quantity),
      },
    ],
  },
  {
    name: 'asInteger',
    overloads: [
      {
        id: 'quantity_get_int',
        ...methodOf([quantityType], intType),
        evaluate: ({ quantity }: CelQuantity) =>
          quantityAsInt64(quantity) ?? new CelError('cannot convert value to integer'),
      },
    ],
  },
  {
    name: 'isInteger',
    overloads: [
      {
        id: 'quantity_is_integer',
        ...methodOf([quantityType], boolType),
        evaluate: ({ quantity }: CelQuantity) => quantityAsInt64(quantity) !== undefined,
      },
    ],
  },
  arithmetic('add', addQuantities),
  arithmetic('sub', subtractQuantities),
];

const ZERO = quantityOfInteger(0n, 'DecimalSI');

function comparison(
  name: string,
  id: string,
  read: (order: number) => boolean | bigint,
): FunctionDeclaration {
  const evaluate = (a: CelQuantity, b: CelQuantity) => read(compareQuantities(a.quantity, b.quantity));
  const result = name === 'compareTo' ? intType : boolType;
  return { name, overloads: [{ id, ...methodOf([quantityType, quantityType], result), evaluate }] };
}

function arithmetic(name: string, compute: (a: Quantity, b: Quantity) => Quantity): FunctionDeclaration {
  const computed = (a: CelQuantity, b: Quantity) =>
    new CelQuantity(compute(a.quantity, b), { isComputed: true });
  const overloads: readonly Overload[] = [
    {
      id: `quantity_${name}`,
      ...methodOf([quantityType, quantityType], quantityType),
      evaluate: (a: CelQuantity, b: CelQuantity) => computed(a, b.quantity),
    },
    {
      id: `quantity_${name}_int`,
      ...methodOf([quantityType, intType], quantityType),
      evaluate: (a: CelQuantity, b: bigint) => computed(a, quantityOfInteger(b, 'DecimalExponent')),
    },
  ];
  return { name, overloads };
}
