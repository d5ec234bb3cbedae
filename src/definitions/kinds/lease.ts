import {
  type FieldError,
  invalid,
  type KubeObject,
  objectAt,
  validateDns1123SubdomainName,
} from '../../machinery/mod.ts';
import { type Components, int32, kindStruct, microTime, nested, struct, text } from './fields.ts';
import { type KindSource, strategyOf } from './kind.ts';

const COORDINATION = 'io.k8s.api.coordination.v1';

export const leaseComponents: Components = {
  [`${COORDINATION}.Lease`]: kindStruct('A lock that expires, for electing leaders and for heartbeats.', {
    spec: nested(`${COORDINATION}.LeaseSpec`, 'Who holds the lease, and until when.'),
  }),
  [`${COORDINATION}.LeaseSpec`]: struct('Who holds a lease, and until when.', {
    acquireTime: microTime('When the current holder took the lease.', { presence: 'keep' }),
    holderIdentity: text('Who holds the lease.', { presence: 'keep' }),
    leaseDurationSeconds: int32('Seconds after `renewTime` before others may take the lease.', {
      presence: 'keep',
    }),
    leaseTransitions: int32('How many times the holder changed.', { presence: 'keep' }),
    preferredHolder: text('Who should take the lease over. Not in use.', { presence: 'keep' }),
    renewTime: microTime('When the holder last renewed the lease.', { presence: 'keep' }),
    strategy: text('How a leader is chosen. Not in use.', { presence: 'keep' }),
  }),
};

export const lease: KindSource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  component: `${COORDINATION}.Lease`,
  scope: 'Namespaced',
  strategy: strategyOf({
    validateName: validateDns1123SubdomainName,
    allowsUnconditionalUpdate: false,
    allowsCreateOnUpdate: true,
    prepareForCreate: dropGatedFields,
    prepareForUpdate: dropGatedFields,
    validate: validateLease,
  }),
};

/** Coordinated leader election is off upstream by default; its fields vanish on every write. */
function dropGatedFields(object: KubeObject): void {
  const spec = objectAt(object, 'spec');
  if (spec === undefined) return;
  delete spec['strategy'];
  delete spec['preferredHolder'];
}

function validateLease(object: KubeObject): FieldError[] {
  const spec = objectAt(object, 'spec');
  const durationSeconds = spec?.['leaseDurationSeconds'];
  const transitions = spec?.['leaseTransitions'];
  const errors: FieldError[] = [];
  if (typeof durationSeconds === 'number' && durationSeconds <= 0) {
    errors.push(invalid('spec.leaseDurationSeconds', durationSeconds, 'must be greater than 0'));
  }
  if (typeof transitions === 'number' && transitions < 0) {
    errors.push(invalid('spec.leaseTransitions', transitions, 'must be greater than or equal to 0'));
  }
  return errors;
}
