import { isObject, type JsonValue, type KubeObject, newObject } from '../machinery/mod.ts';
import {
  AGE_COLUMN,
  ageOf,
  CREATION_DESCRIPTION,
  column,
  NAME_COLUMN,
  nameOf,
  ZERO_TIME,
} from './builtin-printers-columns.ts';
import { eventPrinter } from './builtin-printers-event.ts';
import type { Cell, TableColumn, TablePrinter } from './definition.ts';

/**
 * The table of a built-in kind, as kube-apiserver prints it (pkg/printers/internalversion). A kind without
 * columns of its own gets upstream's default convertor: its name and the time of its creation.
 */
export function builtinPrinter(group: string, kind: string): TablePrinter {
  return PRINTERS.get(`${group}/${kind}`) ?? DEFAULT_PRINTER;
}

const RBAC = 'rbac.authorization.k8s.io';

const DEFAULT_PRINTER: TablePrinter = {
  columns: [NAME_COLUMN, column('Created At', CREATION_DESCRIPTION, { type: 'date' })],
  cells: (object) => [nameOf(object), object.metadata.creationTimestamp ?? ZERO_TIME],
};

/** Most tables are the name, some columns of the kind, the age, and some columns for wide output. */
function agedPrinter({
  columns,
  cells,
  wideColumns = [],
  wideCells = () => [],
}: {
  readonly columns: readonly TableColumn[];
  readonly cells: (object: KubeObject) => Cell[];
  readonly wideColumns?: readonly TableColumn[];
  readonly wideCells?: (object: KubeObject) => Cell[];
}): TablePrinter {
  return {
    columns: [NAME_COLUMN, ...columns, AGE_COLUMN, ...wideColumns],
    cells: (object, nowMs) => [nameOf(object), ...cells(object), ageOf(object, nowMs), ...wideCells(object)],
  };
}

/** The columns that apiextensions gives the scale of custom resources. */
const SCALE_PRINTER: TablePrinter = {
  columns: [
    NAME_COLUMN,
    column('Desired', 'Number of desired replicas', { type: 'integer' }),
    column('Available', 'Number of actual replicas', { type: 'integer' }),
    column('Age', CREATION_DESCRIPTION, { type: 'date' }),
  ],
  cells: (object, nowMs) => [
    nameOf(object),
    replicasOf(object['spec']),
    replicasOf(object['status']),
    ageOf(object, nowMs),
  ],
};

function replicasOf(part: JsonValue | undefined): Cell {
  const replicas = isObject(part) ? part['replicas'] : undefined;
  return typeof replicas === 'number' ? replicas : null;
}

const BINDING_PRINTER = agedPrinter({
  columns: [column('Role', 'The role that is granted: its kind and its name.')],
  cells: ({ roleRef }) => [`${textAt(roleRef, 'kind')}/${textAt(roleRef, 'name')}`],
  wideColumns: [
    column('Users', 'The users that the role is granted to.', { priority: 1 }),
    column('Groups', 'The groups that the role is granted to.', { priority: 1 }),
    column('ServiceAccounts', 'The service accounts that the role is granted to, as namespace/name.', {
      priority: 1,
    }),
  ],
  wideCells: ({ subjects }) => [
    subjectNames(subjects, 'User'),
    subjectNames(subjects, 'Group'),
    subjectNames(subjects, 'ServiceAccount'),
  ],
});

const PRINTERS: ReadonlyMap<string, TablePrinter> = new Map([
  ['autoscaling/Scale', SCALE_PRINTER],
  [
    '/Namespace',
    agedPrinter({
      columns: [column('Status', 'Active, or Terminating while its contents are being deleted.')],
      cells: ({ status }) => [textAt(status, 'phase')],
    }),
  ],
  [
    '/ConfigMap',
    agedPrinter({
      columns: [column('Data', 'The number of keys, binary ones included.')],
      cells: ({ data, binaryData }) => [sizeOf(data) + sizeOf(binaryData)],
    }),
  ],
  [
    '/Secret',
    agedPrinter({
      columns: [
        column('Type', 'What the secret is for: decides which keys it must have.'),
        column('Data', 'The number of keys.'),
      ],
      cells: (secret) => [textAt(secret, 'type'), sizeOf(secret['data'])],
    }),
  ],
  [
    '/ServiceAccount',
    agedPrinter({
      columns: [column('Secrets', 'The number of secrets that the service account lists.')],
      cells: ({ secrets }) => [Array.isArray(secrets) ? secrets.length : 0],
    }),
  ],
  ['/Event', eventPrinter({ isCore: true })],
  ['events.k8s.io/Event', eventPrinter({ isCore: false })],
  [
    '/ResourceQuota',
    agedPrinter({
      columns: [
        column('Request', 'Use and bound of objects and of requested resources.'),
        column('Limit', 'Use and bound of the limits of resources.'),
      ],
      cells: ({ status }) => quotaCells(status),
    }),
  ],
  [
    'coordination.k8s.io/Lease',
    agedPrinter({
      columns: [column('Holder', 'Who holds the lease now.')],
      cells: ({ spec }) => [textAt(spec, 'holderIdentity')],
    }),
  ],
  [`${RBAC}/RoleBinding`, BINDING_PRINTER],
  [`${RBAC}/ClusterRoleBinding`, BINDING_PRINTER],
]);

/** `<resource>: <used>/<hard>, …` sorted by resource: those named `limits.…` apart from all others. */
function quotaCells(status: JsonValue | undefined): Cell[] {
  const { hard, used } = isObject(status) ? status : newObject();
  const requests: string[] = [];
  const limits: string[] = [];
  for (const resource of isObject(hard) ? Object.keys(hard).sort() : []) {
    const text = `${resource}: ${quantityAt(used, resource)}/${quantityAt(hard, resource)}`;
    (resource.startsWith('limits.') ? limits : requests).push(text);
  }
  return [requests.join(', '), limits.join(', ')];
}

/** A quantity as it is stored; one that is absent is zero, as in Go. */
function quantityAt(quantities: JsonValue | undefined, resource: string): string {
  const quantity = isObject(quantities) ? quantities[resource] : undefined;
  return quantity === undefined || quantity === null ? '0' : String(quantity);
}

function subjectNames(subjects: JsonValue | undefined, kind: string): string {
  if (!Array.isArray(subjects)) return '';
  return subjects
    .filter((subject) => textAt(subject, 'kind') === kind)
    .map((subject) => {
      const name = textAt(subject, 'name');
      return kind === 'ServiceAccount' ? `${textAt(subject, 'namespace')}/${name}` : name;
    })
    .join(', ');
}

function textAt(value: JsonValue | undefined, key: string): string {
  const text = isObject(value) ? value[key] : undefined;
  return typeof text === 'string' ? text : '';
}

function sizeOf(value: JsonValue | undefined): number {
  return isObject(value) ? Object.keys(value).length : 0;
}
