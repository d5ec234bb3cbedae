import {
  at,
  child,
  compareQuantities,
  deepCopy,
  duplicate,
  type FieldError,
  forbidden,
  formatQuantity,
  invalid,
  isObject,
  type JsonObject,
  type KubeObject,
  newObject,
  objectAt,
  objectsAt,
  parseQuantity,
  type Quantity,
  qualifiedNameErrors,
  required,
  textAt,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import { mapAt } from './data-keys.ts';
import { type Components, item, kindStruct, list, nested, quantities, struct, text } from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';
import {
  allowsOvercommit,
  quantityOf,
  validateContainerResourceName,
  validateResourceName,
} from './resource-names.ts';

const CORE = 'io.k8s.api.core.v1';

export const limitRangeComponents: Components = {
  [`${CORE}.LimitRange`]: kindStruct('Bounds and defaults for single objects of a namespace.', {
    spec: nested(`${CORE}.LimitRangeSpec`, 'The limits.'),
  }),
  [`${CORE}.LimitRangeSpec`]: struct(
    'The limits of a namespace.',
    {
      limits: list(item(`${CORE}.LimitRangeItem`), 'The limits, one entry per type.', {
        presence: 'null',
        listType: 'atomic',
      }),
    },
    { required: ['limits'] },
  ),
  [`${CORE}.LimitRangeItem`]: struct(
    'Limits for objects of one type.',
    {
      default: quantities('Limits of what names none.'),
      defaultRequest: quantities('Requests of what names none.'),
      max: quantities('The most that may be used of each resource.'),
      maxLimitRequestRatio: quantities('How many times the request the limit may be.'),
      min: quantities('The least that may be used of each resource.'),
      type: text('Pod, Container, PersistentVolumeClaim or a qualified name.', { presence: 'print' }),
    },
    { required: ['type'] },
  ),
};

export const limitRange: KindSource = {
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  component: `${CORE}.LimitRange`,
  scope: 'Namespaced',
  shortNames: ['limits'],
  setDefaults,
  strategy: strategyOf({
    validateName: validateDns1123SubdomainName,
    allowsCreateOnUpdate: true,
    setDefaults,
    validate: validateLimitRange,
  }),
};

/** Container limits: the default is the maximum, the default request is the default, or else the minimum. */
function setDefaults(object: KubeObject): void {
  for (const limit of objectsAt(objectAt(object, 'spec'), 'limits')) {
    if (limit['type'] !== 'Container') continue;
    fillFrom(limit, { field: 'default', source: 'max' });
    fillFrom(limit, { field: 'defaultRequest', source: 'default' });
    fillFrom(limit, { field: 'defaultRequest', source: 'min' });
  }
}

function fillFrom(limit: JsonObject, options: { readonly field: string; readonly source: string }): void {
  const source = mapAt(limit, options.source);
  for (const key of Object.keys(source)) {
    let target = limit[options.field];
    if (!isObject(target)) {
      target = newObject();
      limit[options.field] = target;
    }
    if (!Object.hasOwn(target, key)) target[key] = deepCopy(source[key] ?? null);
  }
}

function validateLimitRange(object: KubeObject): FieldError[] {
  const seen = new Set<string>();
  const errors: FieldError[] = [];
  for (const [index, limit] of objectsAt(objectAt(object, 'spec'), 'limits').entries()) {
    const path = at('spec.limits', index);
    const type = textAt(limit, 'type');
    errors.push(...validateType(type, child(path, 'type')));
    if (seen.has(type)) errors.push(duplicate(child(path, 'type'), type));
    seen.add(type);
    errors.push(...validateItem(limit, path));
  }
  return errors;
}

function validateType(type: string, path: string): FieldError[] {
  const errors = qualifiedNameErrors(type).map((detail) => invalid(path, type, detail));
  if (errors.length > 0) return errors;
  return type.includes('/') || STANDARD_TYPES.has(type)
    ? []
    : [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(limit: JsonObject, path: string): FieldError[] {
  const type = textAt(limit, 'type');
  const validateName =
    type === 'Pod' || type === 'Container' ? validateContainerResourceName : validateResourceName;
  const errors: FieldError[] = [];
  const resources = new Set<string>();
  for (const field of ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio']) {
    const amounts = Object.keys(mapAt(limit, field)).sort();
    if (type === 'Pod' && (field === 'default' || field === 'defaultRequest')) {
      if (amounts.length > 0) {
        errors.push(forbidden(child(path, field), "may not be specified when `type` is 'Pod'"));
      }
      continue;
    }
    for (const name of amounts) {
      errors.push(...validateName(name, at(child(path, field), name)));
      resources.add(name);
    }
  }
  if (type === 'PersistentVolumeClaim' && !hasAmount(limit, 'storage')) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(child(path, 'limits'), detail));
  }
  for (const name of resources) errors.push(...validateAmounts(limit, name, path));
  return errors;
}

function hasAmount(limit: JsonObject, name: string): boolean {
  return Object.hasOwn(mapAt(limit, 'min'), name) || Object.hasOwn(mapAt(limit, 'max'), name);
}

/** How the five amounts of one resource must relate to each other. */
function validateAmounts(limit: JsonObject, name: string, path: string): FieldError[] {
  const amount = (field: string) => quantityOf(mapAt(limit, field)[name]);
  const isPod = limit['type'] === 'Pod';
  const amounts: Amounts = {
    min: amount('min'),
    max: amount('max'),
    default: isPod ? undefined : amount('default'),
    defaultRequest: isPod ? undefined : amount('defaultRequest'),
  };
  const errors: FieldError[] = [];
  for (const rule of ORDER_RULES) {
    const [lower, upper] = [amounts[rule.lower], amounts[rule.upper]];
    if (lower === undefined || upper === undefined || compareQuantities(lower, upper) <= 0) continue;
    const detail = `${rule.lowerText} ${formatQuantity(lower)} is greater than ${rule.upperText} ${formatQuantity(upper)}`;
    const shown = amounts[rule.shown] ?? lower;
    errors.push(invalid(at(child(path, rule.field), name), formatQuantity(shown), detail));
  }
  errors.push(
    ...validateRatio(amount('maxLimitRequestRatio'), amounts, at(child(path, 'maxLimitRequestRatio'), name)),
  );
  const { default: limitDefault, defaultRequest } = amounts;
  if (
    !allowsOvercommit(name) &&
    limitDefault !== undefined &&
    defaultRequest !== undefined &&
    compareQuantities(limitDefault, defaultRequest) !== 0
  ) {
    const request = formatQuantity(defaultRequest);
    const detail = `default value ${formatQuantity(limitDefault)} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalid(at(child(path, 'defaultRequest'), name), request, detail));
  }
  return errors;
}

function validateRatio(ratio: Quantity | undefined, { min, max }: Amounts, path: string): FieldError[] {
  if (ratio === undefined) return [];
  const text = formatQuantity(ratio);
  const errors: FieldError[] = [];
  if (compareQuantities(ratio, ONE) < 0) errors.push(invalid(path, text, `ratio ${text} is less than 1`));
  if (min !== undefined && max !== undefined) {
    const ratioLimit = divide(max, min);
    if (divide(ratio, ONE) > ratioLimit) {
      const detail = `ratio ${text} is greater than max/min = ${ratioLimit.toFixed(6)}`;
      errors.push(invalid(path, text, detail));
    }
  }
  return errors;
}

/** Whole numbers of the same size are divided, so that 300m / 100m is 3 and not a little less. */
function divide(dividend: Quantity, divisor: Quantity): number {
  const scale = Math.min(dividend.scale, divisor.scale);
  const unscaled = (quantity: Quantity) => Number(quantity.unscaled * 10n ** BigInt(quantity.scale - scale));
  return unscaled(dividend) / unscaled(divisor);
}

interface Amounts {
  readonly min: Quantity | undefined;
  readonly max: Quantity | undefined;
  readonly default: Quantity | undefined;
  readonly defaultRequest: Quantity | undefined;
}

interface OrderRule {
  readonly lower: keyof Amounts;
  readonly upper: keyof Amounts;
  readonly field: keyof Amounts;
  /** Which of the amounts the error shows; upstream is not consistent here. */
  readonly shown: keyof Amounts;
  readonly lowerText: string;
  readonly upperText: string;
}

const MIN = 'min value';
const MAX = 'max value';
const REQUEST = 'default request value';

const ORDER_RULES: readonly OrderRule[] = [
  { lower: 'min', upper: 'max', field: 'min', shown: 'min', lowerText: MIN, upperText: MAX },
  {
    lower: 'min',
    upper: 'defaultRequest',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    lowerText: MIN,
    upperText: REQUEST,
  },
  {
    lower: 'defaultRequest',
    upper: 'max',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    lowerText: REQUEST,
    upperText: MAX,
  },
  {
    lower: 'defaultRequest',
    upper: 'default',
    field: 'defaultRequest',
    shown: 'defaultRequest',
    lowerText: REQUEST,
    upperText: 'default limit value',
  },
  {
    lower: 'min',
    upper: 'default',
    field: 'default',
    shown: 'min',
    lowerText: MIN,
    upperText: 'default value',
  },
  {
    lower: 'default',
    upper: 'max',
    field: 'default',
    shown: 'max',
    lowerText: 'default value',
    upperText: MAX,
  },
];

const STANDARD_TYPES: ReadonlySet<string> = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);

const ONE = parseQuantity('1');
