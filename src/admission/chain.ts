import type { RbacAt, User } from '../access/mod.ts';
import type { LogicalCluster } from '../base/mod.ts';
import type { Definition } from '../definitions/mod.ts';
import type { KubeObject } from '../machinery/mod.ts';
import type { ObjectKey, Row } from '../store/mod.ts';

export type Operation = 'CREATE' | 'UPDATE' | 'DELETE';

/** What a plugin sees of a write. Mutating plugins change `object` in place. */
export interface AdmissionRequest {
  readonly operation: Operation;
  readonly user: User;
  readonly cluster: LogicalCluster;
  readonly definition: Definition;
  readonly version: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  /**
   * What the request is about, where it is in another form than the stored one and `object` is what is made of it: of
   * kinds that have several forms, plugins see that one.
   */
  readonly givenObject?: KubeObject | undefined;
  readonly isDryRun: boolean;
}

/** What a plugin may look at. Whatever it reads becomes a precondition of the commit. */
export interface AdmissionReads {
  read(key: ObjectKey): Row | undefined;
  /** What it found out about rights was found in these: add to it. */
  readonly reliesOn: RbacAt[];
}

/** One step of the chain. It refuses by throwing a `StatusError`. */
export interface AdmissionPlugin {
  readonly name: string;
  readonly operations: readonly Operation[];
  mutate?(request: AdmissionRequest, reads: AdmissionReads): void | Promise<void>;
  validate?(request: AdmissionRequest, reads: AdmissionReads): void | Promise<void>;
}

/** The plugins in upstream's order: all mutating steps, later (after the object was validated) all validating ones. */
export class AdmissionChain {
  readonly #plugins: readonly AdmissionPlugin[];

  constructor(plugins: readonly AdmissionPlugin[]) {
    this.#plugins = plugins;
  }

  async mutate(request: AdmissionRequest, reads: AdmissionReads): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.operations.includes(request.operation)) await plugin.mutate?.(request, reads);
    }
  }

  async validate(request: AdmissionRequest, reads: AdmissionReads): Promise<void> {
    for (const plugin of this.#plugins) {
      if (plugin.operations.includes(request.operation)) await plugin.validate?.(request, reads);
    }
  }
}
