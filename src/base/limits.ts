/**
 * Every bound of the server in one place, each with its reason. Crossing one gives a Kubernetes Status,
 * never a crash and never a stored object that cannot be served.
 */
export const limits = {
  /** What a Kubernetes apiserver accepts as one request body. */
  requestBodyBytesMax: 3 * 1024 * 1024,
  /** etcd's default request size: clients and charts are built to stay below it. */
  objectBytesMax: 1536 * 1024,
  /**
   * What the server may add to an object at that limit: that it is deleted, and the initializers of a type with all that
   * it extends, which are some ten kilobytes. Two such objects fit in a frame.
   */
  objectBytesSpare: 128 * 1024,
  /** Frames travel as one message through NATS servers with max_payload of 8 MB. */
  frameBytesMax: 4 * 1024 * 1024,
  /** Objects nest a dozen levels; V8's serialiser gives up at some thousands. */
  jsonDepthMax: 100,
  /** cel-go's limits on an expression: what it takes here it must take there. */
  celExpressionCodePointsMax: 100_000,
  celRecursionMax: 250,
  /** Macros that use an argument twice double it. Each part takes some microseconds to compile. */
  celExpressionPartsMax: 30_000,
  /**
   * All rules of one CRD: compiling them holds the event loop. The largest published CRDs have some hundred
   * rules, 50 KB of text and 15,000 parts.
   */
  celDefinitionPartsMax: 50_000,
  celDefinitionTextMax: 250_000,
  /** All patterns of one CRD, in instructions: the largest published CRDs have some ten thousand. */
  patternsDefinitionSizeMax: 100_000,
  /** The types of real rules are made of a dozen types; chained macros could double them without end. */
  celTypeWeightMax: 2_000,
  /** What the rules of one object may do: about as many times 100 ns in which nobody else is served. */
  celObjectWorkMax: 3_000_000,
  /**
   * What the rules of an APIConversion may do with one object, in parts of values that are looked at or made: some
   * 10 ms, since whoever reads a list has it for each.
   */
  conversionCostMax: 20_000,
  /** So many objects at most are converted by rules before others get their turn of the event loop. */
  convertedAtOnceMax: 8,
  /** The rules of an APIConversion in all, in each of which one field is converted. */
  conversionRulesMax: 1_000,
  /**
   * From this size on a write lets others go first between its parts: one of 1.5 MiB with a million small values in
   * lists and ownership takes a second in all. Nearly all objects are far smaller, and written without a break.
   */
  heavyWorkBytesMin: 128 * 1024,
  /** 3 MiB of tiny keys would otherwise cost 100 MB of heap. */
  jsonNodesMax: 250_000,
  /** An apiserver's limit on the operations of one JSON patch. */
  jsonPatchOperationsMax: 10_000,
  /** What all copies of one JSON patch may add: a small patch must not build a large object. */
  jsonPatchCopyBytesMax: 3 * 1024 * 1024,
  /** Selectors of 16 KiB and more fit here, which Node's own default refuses. */
  headerBytesMax: 64 * 1024,
  /** Time in which the headers of a request must have arrived: a slow loris holds a socket no longer. */
  headersTimeoutMs: 10_000,
  /** Time in which a whole request with its body must have arrived. */
  requestTimeoutMs: 60_000,
  /** Connections are checked for the two above this often, and so are closed at most this late. */
  connectionsCheckMs: 5_000,
  /** Connections that nobody uses are closed; quiet watches must outlive everything but their own deadline. */
  idleConnectionMs: 180_000,
  /** Non-watch requests end after this, as upstream's --request-timeout. */
  responseTimeoutMs: 60_000,
  /** One timer looks this often for requests whose time is over: late enough to cost nothing, early enough for people. */
  deadlineCheckMs: 250,
  /** Time to take the answer that says that the time was over; then the stream is broken off. */
  overdueGraceMs: 2_000,
  /** How long a read waits for a revision that this replica does not have yet, as upstream. */
  futureRevisionWaitMs: 3_000,
  /** Upstream answers larger bodies compressed, smaller ones as they are. */
  gzipBytesMin: 128 * 1024,
  /** One client that opens streams without end must not take the member down. */
  watchersMax: 50_000,
  /** The same for one user. A controller manager with every kind of a workspace has some hundred; 20 KiB each. */
  watchersPerUserMax: 1_000,
  /** The same for one workspace, whoever watches: ten of them cannot take all of a member. */
  watchersPerClusterMax: 5_000,
  /** A watcher that is behind by more continues from the stored log. */
  watcherQueueBytesMax: 1024 * 1024,
  /**
   * What a watch had sent when it ended may still be on its way to a slow client; one that does not read at all
   * must not hold its connection and queue any longer.
   */
  watchEndMsMax: 5_000,
  /** Under load watch events are handed out in batches this far apart: one write per watcher and batch. */
  watchBatchMsMin: 4,
  watchBatchMsMax: 100,
  /** Random end of a watch without timeoutSeconds, as upstream's --min-request-timeout. */
  watchTimeoutSecondsMin: 1800,
  watchTimeoutSecondsMax: 3600,
  /** Upstream sends a bookmark about every minute. */
  bookmarkIntervalMs: 60_000,
  /** A bookmark this long before the deadline lets clients resume from it. */
  bookmarkBeforeDeadlineMs: 2_000,
  /** Superseded values and watch history stay findable for at least this long. */
  historyMsMin: 5 * 60_000,
  historyMsDefault: 60 * 60_000,
  /** Commit ids are remembered for this long: any repeat within gets the first outcome. */
  commitIdMs: 15 * 60_000,
  /** Changes in one group of commits: bounds the memory of one LevelDB batch together with the bytes. */
  groupCommitsMax: 4096,
  groupBytesMax: 16 * 1024 * 1024,
  /** Commits that wait for the disk; beyond it writers get 429 and back off. */
  pendingCommitsMax: 20_000,
  pendingBytesMax: 128 * 1024 * 1024,
  /** Attempts of one patch or unconditional update against concurrent writers (upstream retries patches 5 times). */
  writeAttemptsMax: 16,
  /** The same while roles and bindings of the logical cluster change all the time: each attempt waits for a sync. */
  rightsAttemptsMax: 100,
  /** Deletes of one collection that are under way at once: they share fsyncs, and leave room for others. */
  collectionDeletesMax: 32,
  /** Attempts to find a free name for generateName, as upstream. */
  generateNameAttemptsMax: 8,
  /** Default sets kept: one has some 40 KB, and a new one comes with a new version or a new certificate authority. */
  defaultSetsCachedBytesMax: 4 * 1024 * 1024,
  /** Certificate authorities whose default sets are kept as they are made: a member has one, tests start many members. */
  defaultSetsMadeMax: 4,
  /** Kinds of logical clusters for each: ordinary ones, the root, `system:admin`, workspaces, and what a new version changes. */
  defaultSetVariantsMax: 16,
  /** Rows kept decoded: a few thousand of the most used ones. */
  rowCacheBytesMax: 16 * 1024 * 1024,
  /** Names that objects have taken, most of them of bound APIs: those that everybody asks for, such as root's. */
  aliasesCachedMax: 256,
  /**
   * Compiled definitions (validators, printers) kept, by hash, in bytes of their CRDs: some hundred of the usual
   * ones. What is compiled takes several times as many.
   */
  definitionsCachedBytesMax: 32 * 1024 * 1024,
  /** A small CRD is counted as so many. */
  definitionBytesMin: 64 * 1024,
  /** Definition sets kept, by hash: discovery and OpenAPI documents hang on them. */
  definitionSetsCachedBytesMax: 64 * 1024 * 1024,
  definitionSetBytesMin: 1024 * 1024,
  /** Documents of definition sets kept. */
  definitionSetsCachedMax: 64,
  /** Schemas of which the hash of their definition is remembered: some 200 bytes each. */
  schemaHashesCachedMax: 10_000,
  /** Identities under which a compiled schema is remembered, some 500 bytes each: nearly all have one. */
  boundDefinitionsCachedMax: 1_000,
  /**
   * CRDs that one logical cluster may hold, their groups, and their bytes: discovery and OpenAPI documents are made of
   * all of them. The largest provider of a cloud's resources has some 900 in 170 groups.
   */
  customResourceDefinitionsMax: 1_000,
  customResourceGroupsMax: 200,
  customResourceDefinitionsBytesMax: 16 * 1024 * 1024,
  /**
   * Kinds of one APIExport: whoever binds it looks at each, and keeps the schemas of all in one commit. Providers of
   * more offer them in several exports.
   */
  exportedKindsMax: 250,
  /**
   * APIBindings of one logical cluster, and exports that a type of workspaces binds: each write of a binding looks at
   * what all others bring. Real ones have a dozen.
   */
  apiBindingsMax: 100,
  /** Kinds that bindings bring into one logical cluster: as many as it may define by itself, for the same reason. */
  boundKindsMax: 1_000,
  /** Versions of one CRD: few have more than four, and each is a document. */
  definitionVersionsMax: 20,
  /**
   * Schemas within one CRD, in all versions: each of some twenty rules looks at all of them. A published CRD has more
   * than 200 bytes for each, so that it grows too large for an object before it has half as many.
   */
  definitionSchemasMax: 20_000,
  /** remainingItemCount is counted up to here and left out beyond: it is an estimate by contract. */
  remainingItemsCountedMax: 20_000,
  /**
   * A list in protobuf is collected in memory, because its length stands at its beginning. A page ends when it
   * has grown beyond this; a list without limit is refused. Other media types are streamed.
   */
  pageBytesMax: 32 * 1024 * 1024,
  /**
   * Changes after a past revision up to which a list at that revision looks the changed objects up one by one:
   * reading so many index entries takes some 10 ms. Beyond, it scans the superseded values.
   */
  listedChangesMax: 10_000,
  /** Changes that a step of a controller has on their way at once: with more, a write to the disk is no cheaper. */
  controllerChangesMax: 64,
  /** How deep a tree of workspaces is looked up: far deeper than their paths, and an end for those that go in circles. */
  workspaceDepthMax: 64,
  /** Logical clusters with a limit of objects whose number is remembered: counting one reads all of its keys. */
  objectCountsCachedMax: 1_000,
  /** Objects of a logical cluster that goes in one commit: some ten milliseconds, and far from the largest frame. */
  rangeDeletesMax: 512,
  /** Logical clusters that are marked in one commit because the one above them goes: some ten milliseconds. */
  rangeMarksMax: 64,
  /** The same in bytes, as long as there is more than one: LogicalClusters may be as large as any object. */
  rangeMarksBytesMax: 1024 * 1024,
  /** Debts that a step hands on in one commit: an export may have a million bindings. */
  controllerDebtsPerCommitMax: 500,
  /** Events that expire in one commit, which holds the event loop for some milliseconds. */
  expiredEventsMax: 128,
  /** Namespaces that are searched for an owner that is not in its dependent's: a read of some microseconds each. */
  ownerNamespacesMax: 256,
  /**
   * Owners of one object that are searched for in other namespaces: each may take as many reads as there are
   * namespaces. Objects have a few owners, and an object of the largest size has room for 10,000.
   */
  misplacedOwnersMax: 100,
  /** Owner references of unknown kinds that wait for a CRD; a waiting one costs some 500 bytes. */
  unknownOwnersMax: 10_000,
  /** Kinds of owners whose plurals are remembered: far more than one set of controllers uses. */
  ownerKindsCachedMax: 1_024,
  /** How long a conversion webhook may take, as upstream: clients know its `timeout=30s`. */
  conversionTimeoutMs: 30_000,
  /**
   * What one answer of a webhook may hold: all objects of one step of a list (512 KiB as they are stored) may
   * grow, and one object of the largest size must fit with its envelope.
   */
  webhookResponseBytesMax: 4 * 1024 * 1024,
  /** Calls of webhooks that are under way or wait for a connection; beyond it they fail at once. */
  webhookCallsMax: 1_000,
  /** The same for one server: a slow one must not hold up the webhooks of others. */
  webhookCallsPerServerMax: 100,
  /** The same for one logical cluster. */
  webhookCallsPerClusterMax: 200,
  /** Calls of webhooks that have a connection, in all, of one logical cluster, and to one server. */
  webhookConnectionsMax: 256,
  webhookConnectionsPerClusterMax: 32,
  webhookConnectionsPerServerMax: 16,
  /** Idle connections to webhooks that are kept: handshakes saved, not needed. */
  webhookIdleConnectionsMax: 128,
  /** Objects that a webhook converted for one watch and others may want too, counted as they are stored. */
  watchConversionsBytesMax: 16 * 1024 * 1024,
  /** A connection to a webhook that nobody used for this long is closed. */
  webhookIdleConnectionMs: 30_000,
  /**
   * Managers of one object's fields: those that update are merged beyond ten, those that apply are not, and every
   * write of the object looks at what each of them owns. Objects of large clusters have a dozen.
   */
  fieldManagersMax: 100,
  /** Identities of field managers kept parsed: a few dozen serve nearly all objects. */
  managersCachedMax: 1_024,
  /**
   * Comparisons of smallest parts of rules with held rules in one check against escalation, about half a second
   * in the worst case: the largest bootstrap role has some 1,500 parts, which one with 10,000 rules may grant.
   */
  rbacCoverStepsMax: 20_000_000,
  /**
   * Terms of selectors that are compared with the labels of ClusterRoles, and rules that are gathered, when those with
   * an aggregationRule of one logical cluster are settled: about a second each in the worst case, in turns with others.
   * 2,000 ClusterRoles may be compared with 1,000 terms, which is far beyond the clusters that people have; so many
   * rules are more than may be stored.
   */
  rbacGatherStepsMax: 2_000_000,
  /**
   * Each of three caches of compiled RBAC: bindings, roles, and the rules of users who match the same subjects.
   * The defaults of a workspace are 100 KB, and all workspaces with the same roles share them.
   */
  rbacCacheBytesMax: 32 * 1024 * 1024,
  /** Roles and bindings of one scope; beyond it they let nobody in. To read that much takes half a second. */
  rbacScopeBytesMax: 32 * 1024 * 1024,
  /**
   * All roles and bindings of one logical cluster, counted as they lie in memory: some 15,000 rules. More cannot be
   * written, so that what decides about a cluster always fits the caches, and nobody locks everybody out of it.
   */
  rbacClusterBytesMax: 8 * 1024 * 1024,
  /** Logical clusters whose RBAC is being written, of which this sum is remembered. */
  rbacSizesCachedMax: 1_000,
  /** Rules that one rules review lists: a few hundred are the most that people read. */
  rulesReviewedMax: 10_000,
  /** Users that one request may be judged as: itself and its warrants, nested ones included. Views add one or two. */
  warrantsMax: 16,
  /** Scopes (a namespace of a logical cluster) whose RBAC state is remembered by its hash: 200 bytes each. */
  rbacScopesCachedMax: 20_000,
  /**
   * Places for the newest change of RBAC, which logical clusters share by the hash of their names: 512 KB. A change
   * makes one of 65,536 others read its roles and bindings again, also among millions.
   */
  rbacRevisionPlaces: 65_536,
  /** Identities that claims name, of which it is remembered which exports have them: some 200 bytes each. */
  claimedIdentitiesCachedMax: 1_000,
  /**
   * Logical clusters that are remembered, some 300 bytes each, because they have bound an export whose name another one has
   * taken: for all such exports together, and for one of them. One with more sees nothing by claims.
   */
  formerConsumersCachedMax: 100_000,
  formerConsumersMax: 20_000,
  /** Exports of one identity that are asked for their policies: they share a secret, nearly always it is one. */
  exportersOfIdentityMax: 16,
  /** Kinds of logical clusters of which it is remembered which export they come from: some 500 bytes each. */
  apiOriginsCachedMax: 10_000,
  /**
   * What is remembered of the permission claims that logical clusters have accepted, most of them none: 20,000 clusters
   * without claims, whose bindings would otherwise be read with every write.
   */
  claimTablesCachedBytesMax: 6_000_000,
  /** What a bearer token may hold: as much as a header. Tokens of real providers have some kilobytes. */
  tokenBytesMax: 64 * 1024,
  /** Tokens whose signatures were verified, with their headers: some 4,000 service accounts, or users. */
  verifiedTokensBytesMax: 16 * 1024 * 1024,
  /** Namespaces of which it is remembered which quotas they have: mostly none, 300 bytes each. */
  quotaNamespacesCachedMax: 20_000,
  /** Quotas that are kept parsed, counted as they are stored: those of namespaces in which somebody writes. */
  quotasCachedBytesMax: 8 * 1024 * 1024,
  /**
   * All quotas that count an object are written together with it, those of its namespace and cluster-wide ones:
   * with their status, which repeats the spec twice, they still fit in one frame.
   */
  quotasPerNamespaceMax: 32,
  quotaBytesMax: 16 * 1024,
  /** How long an OIDC provider may take, and what its answers may hold: real ones have some kilobytes. */
  oidcFetchTimeoutMs: 10_000,
  oidcDocumentBytesMax: 1024 * 1024,
  /** Keys that a provider may have: real ones have two or three, and one more while they rotate. */
  oidcKeysMax: 100,
  /** Tokens may name any key: a provider is asked for its keys only so often because of it. */
  oidcFetchIntervalMsMin: 10_000,
  /** Keys that a provider has withdrawn are forgotten after this at the latest, when the next token comes. */
  oidcKeysAgeMsMax: 10 * 60_000,
  /** Rows that one step of a stream reads from disk at once. */
  iteratorBatchEntries: 1_000,
  iteratorBatchBytes: 512 * 1024,
  /** Types that a WorkspaceType extends, directly or not: real ones extend two or three, and every creation reads all. */
  workspaceTypesExtendedMax: 32,
  /** Names of types that extend one: beyond, workspaces follow their type when they or their own type change. */
  workspaceTypeHeirsMax: 10_000,
} as const;
