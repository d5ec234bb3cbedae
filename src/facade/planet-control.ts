import type { JsonObject } from '../machinery/mod.ts';

/** What an operator wishes of a shard. */
export type ShardWish =
  | { readonly action: 'move'; readonly region: string }
  | { readonly action: 'promote'; readonly region: string; readonly acceptLoss: boolean }
  | { readonly action: 'goal'; readonly goal: string };

/** What an operator wishes of a new join token. */
export interface JoinTokenWish {
  readonly ttlMs: number;
  readonly usesMax: number;
  /** Only members of this region may come by it. */
  readonly region?: string;
  /** base64url of the public half of its key, which whoever asks has made and keeps; absent: it is made here. */
  readonly publicKey?: string;
  readonly actor: string;
}

/** A key for a join token, made by the member that was asked so that its secret need not travel. */
export interface JoinTokenKey {
  readonly publicKey: string;
  /** The text of the token once the planet has given it an id. */
  textOf(id: string): string;
}

/**
 * A member's part in what operators see and command of its planet. Whoever calls it has authorized. Answers are shown as
 * they are; all methods throw `StatusError` with what to do.
 */
export interface PlanetControl {
  status(): Promise<JsonObject>;
  members(): Promise<JsonObject>;
  /** At the home of the root shard alone, as all below. */
  removeMember(name: string, actor: string): Promise<JsonObject>;
  tokens(): Promise<JsonObject>;
  createToken(wish: JoinTokenWish): Promise<JsonObject>;
  revokeToken(id: string, actor: string): Promise<JsonObject>;
  newTokenKey(): JoinTokenKey;
  /** Wherever it is asked: it is carried to whoever has to do it. */
  command(shard: string, wish: ShardWish): Promise<JsonObject>;
}
