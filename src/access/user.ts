/** Who makes a request: authentication.k8s.io UserInfo. */
export interface User {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** The member itself: its controllers go through the same write path as everybody. */
export const SYSTEM_USER: User = {
  name: 'system:antipode',
  uid: '',
  groups: ['system:masters', 'system:authenticated'],
  extra: {},
};
