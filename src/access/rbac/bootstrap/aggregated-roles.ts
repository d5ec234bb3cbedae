import { aggregationLabel, type RoleData, resourceRule } from './role-data.ts';

const READ = ['get', 'list', 'watch'];
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'];
const READ_WRITE = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

const POD_CONNECTIONS = ['pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy'];

/*
 * What admin, edit and view are made of. The rules name kinds that this server does not have (pods, deployments):
 * CRDs may serve some of them, and whoever compares the roles with those of another cluster finds them equal.
 */

export const aggregateToAdmin: RoleData = {
  name: 'system:aggregate-to-admin',
  labels: { [aggregationLabel('admin')]: 'true' },
  rules: [
    resourceRule(['create'], 'authorization.k8s.io', ['localsubjectaccessreviews']),
    resourceRule(READ_WRITE, 'rbac.authorization.k8s.io', ['rolebindings', 'roles']),
  ],
};

export const aggregateToEdit: RoleData = {
  name: 'system:aggregate-to-edit',
  labels: { [aggregationLabel('edit')]: 'true' },
  rules: [
    resourceRule(READ, '', [...POD_CONNECTIONS, 'secrets', 'services/proxy']),
    resourceRule(['impersonate'], '', ['serviceaccounts']),
    resourceRule(WRITE, '', ['pods', ...POD_CONNECTIONS]),
    resourceRule(['create'], '', ['pods/eviction']),
    resourceRule(WRITE, '', [
      'configmaps',
      'events',
      'persistentvolumeclaims',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'secrets',
      'serviceaccounts',
      'services',
      'services/proxy',
    ]),
    resourceRule(['create'], '', ['serviceaccounts/token']),
    resourceRule(WRITE, 'apps', [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'replicasets',
      'replicasets/scale',
      'statefulsets',
      'statefulsets/scale',
    ]),
    resourceRule(WRITE, 'autoscaling', ['horizontalpodautoscalers']),
    resourceRule(WRITE, 'batch', ['cronjobs', 'jobs']),
    resourceRule(WRITE, 'extensions', [
      'daemonsets',
      'deployments',
      'deployments/rollback',
      'deployments/scale',
      'ingresses',
      'networkpolicies',
      'replicasets',
      'replicasets/scale',
      'replicationcontrollers/scale',
    ]),
    resourceRule(WRITE, 'policy', ['poddisruptionbudgets']),
    resourceRule(WRITE, 'networking.k8s.io', ['ingresses', 'networkpolicies']),
    resourceRule(READ_WRITE, 'coordination.k8s.io', ['leases']),
    resourceRule(WRITE, 'resource.k8s.io', ['resourceclaims', 'resourceclaimtemplates']),
  ],
};

export const aggregateToView: RoleData = {
  name: 'system:aggregate-to-view',
  labels: { [aggregationLabel('view')]: 'true' },
  rules: [
    resourceRule(READ, '', [
      'configmaps',
      'endpoints',
      'persistentvolumeclaims',
      'persistentvolumeclaims/status',
      'pods',
      'replicationcontrollers',
      'replicationcontrollers/scale',
      'serviceaccounts',
      'services',
      'services/status',
    ]),
    resourceRule(READ, '', [
      'bindings',
      'events',
      'limitranges',
      'namespaces/status',
      'pods/log',
      'pods/status',
      'replicationcontrollers/status',
      'resourcequotas',
      'resourcequotas/status',
    ]),
    resourceRule(READ, '', ['namespaces']),
    resourceRule(READ, 'discovery.k8s.io', ['endpointslices']),
    resourceRule(READ, 'apps', [
      'controllerrevisions',
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'statefulsets',
      'statefulsets/scale',
      'statefulsets/status',
    ]),
    resourceRule(READ, 'autoscaling', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
    resourceRule(READ, 'batch', ['cronjobs', 'cronjobs/status', 'jobs', 'jobs/status']),
    resourceRule(READ, 'extensions', [
      'daemonsets',
      'daemonsets/status',
      'deployments',
      'deployments/scale',
      'deployments/status',
      'ingresses',
      'ingresses/status',
      'networkpolicies',
      'replicasets',
      'replicasets/scale',
      'replicasets/status',
      'replicationcontrollers/scale',
    ]),
    resourceRule(READ, 'policy', ['poddisruptionbudgets', 'poddisruptionbudgets/status']),
    resourceRule(READ, 'networking.k8s.io', ['ingresses', 'ingresses/status', 'networkpolicies']),
    resourceRule(READ, 'resource.k8s.io', [
      'resourceclaims',
      'resourceclaims/status',
      'resourceclaimtemplates',
    ]),
  ],
};

// What the controller for aggregation would write: a fresh logical cluster needs no such run.
const viewRules = aggregateToView.rules;
const editRules = [...aggregateToEdit.rules, ...viewRules];
// By name, `edit` comes before what is gathered into admin alone.
const adminRules = [...editRules, ...aggregateToAdmin.rules];

export const view: RoleData = {
  name: 'view',
  labels: { [aggregationLabel('edit')]: 'true' },
  aggregates: aggregationLabel('view'),
  rules: viewRules,
};

export const edit: RoleData = {
  name: 'edit',
  labels: { [aggregationLabel('admin')]: 'true' },
  aggregates: aggregationLabel('edit'),
  rules: editRules,
};

export const admin: RoleData = {
  name: 'admin',
  aggregates: aggregationLabel('admin'),
  rules: adminRules,
};
