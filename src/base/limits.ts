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
  /**
   * Commits that a member can take back from what it has shown: half an hour at 50 a second, in some 60 MB. Beyond,
   * a member that has to go further back takes over a state from another one.
   */
  undoCommitsMax: 100_000,
  /** One step of an undo: what a batch may take in memory, beside the first commit of it. */
  undoStepBytes: 4 * 1024 * 1024,
  /** One part of a state that is handed over, which has one entry more than fits: below what a message may have. */
  stateChunkBytes: 512 * 1024,
  /** Frames that are taken from elsewhere in one turn of the event loop: some ten milliseconds. */
  applyStepBytes: 64 * 1024,
  /** Frames that one peer is asked for at once: some hundred commits, and one of the largest. */
  replayBytesMax: 1024 * 1024,
  /** Frames of one published message, beside the first: with the largest one it stays below what a message may have. */
  publishBatchBytes: 1024 * 1024,
  /** Frames that wait in memory to be published; beyond that they are read from the disk. */
  publishFreshBytesMax: 8 * 1024 * 1024,
  /** Messages that a home has on their way to its stream: enough for a link of 100 ms at full speed. */
  publishWindowMessages: 16,
  /** A member that a heartbeat finds behind waits so long for what is on its way before it asks a peer. */
  followGraceMs: 1_500,
  /** Between attempts to reach a source, or a peer. */
  followRetryMs: 500,
  /** Questions to peers in one repair: each doubles the way back, so that ten find any place in a million. */
  repairRoundsMax: 1_000,
  /** Commits are that old at least before what undoes them is let go: longer than a promotion after a loss takes. */
  undoKeptMs: 300_000,
  /** A voter that was not heard for so long does not count as in reach: three heartbeats. */
  voterReachMs: 3_000,
  /** A member looks so often whether its Region object says what there is, and says at least so often that it is there. */
  regionReportMs: 10_000,
  regionContactMs: 60_000,
  /** What could not be written is tried again after this. */
  regionRetryMs: 2_000,
  /** Members look so often whether something about the homes of their shards is due. */
  homesTickMs: 250,
  /** An attempt to become a home: a promotion is to be done within 5 s of an order. */
  campaignMs: 4_000,
  /** Voters that can be reached answer within this: three round trips of 300 ms. */
  campaignGatherMs: 1_000,
  /** A restarted home of a `process` shard waits so long for voters that may have promised another home. */
  homeRecoverMs: 1_000,
  /** A former home lets others open an epoch for so long, more with each slot, before it takes one itself. */
  homeSettleMs: 2_000,
  /** A sealed home waits so long for its successor; a move takes four round trips. */
  homeMoveMs: 8_000,
  /** One question about homes: what is not answered by then is asked again, or given up. */
  homesAskMs: 1_500,
  /** Revisions are announced up to so far above the clock: a ceiling is written twice in that time. */
  announcedAheadMs: 10_000,
  /** What a NATS server must take as one message: the largest frame, its envelope and headers, with room to batch. */
  natsPayloadBytesMin: 8_000_000,
  /** One message of replication with its envelope: NATS counts headers into the payload, and ours are below 4 KiB. */
  transportMessageBytesMax: 7_900_000,
  /** Messages of a log that are on their way to its stream at once: what fills a link of 160 ms with small frames. */
  publishWindowMessagesMax: 256,
  /** The same in bytes: two of the largest messages, or more small ones. */
  publishWindowBytesMax: 16 * 1024 * 1024,
  /** Messages that wait for the window in memory; whoever publishes reads on from its log when there is room. */
  publishQueueMessagesMax: 1_024,
  publishQueueBytesMax: 32 * 1024 * 1024,
  /** An acknowledgement of a stream that has not come after this is unknown, and looked up: leader elections take 5 s. */
  publishTimeoutMs: 5_000,
  /** One question to a JetStream API, on a link that may be silently dead: answers take a round trip of 300 ms at most. */
  streamCallTimeoutMs: 2_000,
  /** A replicated stream takes half a second to make, and ten times as long on a busy machine. */
  streamOpenTimeoutMs: 10_000,
  /** Servers say every so often that a quiet stream is quiet; after three times nothing the follower starts anew. */
  followHeartbeatMs: 2_000,
  followSilenceMs: 6_000,
  /** Messages that a follower holds before its consumer; beyond the bytes the server is not told to go on. */
  followQueueBytesMax: 16 * 1024 * 1024,
  /** Of those, what is applied as one: frames of some seconds in a busy shard. */
  followBatchBytes: 4 * 1024 * 1024,
  /**
   * First and longest wait before something is tried again; jitter takes up to half of it off. A try costs one small
   * message, and after a cut all is to be in step again within 5 s.
   */
  retryMsMin: 100,
  retryMsMax: 1_000,
  /**
   * How far the clock of whoever joins may be off, and how old a request to join may be: links take less than a second,
   * and machines without NTP drift by some seconds a week.
   */
  joinClockMsMax: 60_000,
  /** Requests to join that are answered at once: each reads all members and writes one record. */
  joinsAtOnceMax: 4,
  /** What a planet gives a new member: some keys and certificates of a few kilobytes. */
  joinGrantBytesMax: 256 * 1024,
  /** How long whoever joins waits for an answer, and how often it asks before it says why nobody answers. */
  joinTimeoutMs: 10_000,
  joinAttemptsMax: 6,
  /** A home tells so often how far its log is. */
  heartbeatMs: 1_000,
  /**
   * The same while a region is silent, so that it hears of the others as soon as it can: a few hundred bytes each. One
   * that stays away for longer than most faults last, and maybe for ever, waits for the second.
   */
  returnBeatMs: 250,
  returnAwaitedMs: 600_000,
  /** Questions of other members on one topic that are answered at once; more are told to come back. */
  answersMax: 256,
  /** Answers in parts that are open at once: each holds a window of parts. */
  partedAnswersMax: 32,
  /** Parts of one answer, and how many are under way at once: 8 MiB every 160 ms is 50 MB/s. */
  answerPartBytesMax: 1024 * 1024,
  answerPartsWindow: 8,
  /** One part is asked for again after this, and an answer without progress is given up after that. */
  answerPartTimeoutMs: 5_000,
  answerStallMs: 30_000,
  /**
   * One message of a forwarded request is carried out within this after it was sent, or never: a repeat is sent then. Most
   * answers come within a round trip of 300 ms; what webhooks hold up is waited for by the repeat.
   */
  forwardAttemptMs: 10_000,
  /** How far the clocks of two members may be apart for one to carry out what the other forwards. */
  forwardClockMs: 5_000,
  /** How long a request is repeated that may have been carried out, before its client hears that nobody knows. */
  forwardDoubtMs: 15_000,
  /** A planned move takes a home away for so long at most: requests wait for the next one instead of being refused. */
  forwardPatienceMs: 2_000,
  /** Messages of one request: with the waits between them more than fit into its time. */
  forwardAttemptsMax: 64,
  /** The answer to a forwarded request, as one piece in memory: what a deletion of a collection shows in ten pages. */
  forwardAnswerBytesMax: 64 * 1024 * 1024,
  /** Forwarded requests that a home still knows, each for half a minute: 1,500 a second; more are told to come back. */
  forwardsRememberedMax: 50_000,
  /** Their answers; the oldest go first, and a repeat of what was carried out finds it in the log. */
  forwardsRememberedBytesMax: 64 * 1024 * 1024,
  /** Requests of other members that a home carries out at once: some seconds' worth, more are told to come again. */
  forwardsAtOnceMax: 1_024,
  /** How long the answer to a forwarded write waits for this member's replica: as long as a cut is noticed by nobody. */
  forwardReplicaWaitMs: 2_000,
  /** A home that has said nothing for so long (five heartbeats) is not asked any more until it does. */
  homeSilenceMs: 5_000,
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
  /** Logical clusters of which is remembered which shard has them: some 100 bytes each, and a few reads where not. */
  routedClustersCachedMax: 20_000,
  /** Objects of a logical cluster that goes in one commit: some ten milliseconds, and far from the largest frame. */
  rangeDeletesMax: 512,
  /** Logical clusters that are marked in one commit because the one above them goes: some ten milliseconds. */
  rangeMarksMax: 64,
  /** The same in bytes, as long as there is more than one: LogicalClusters may be as large as any object. */
  rangeMarksBytesMax: 1024 * 1024,
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
  /**
   * The document of one convergent object after an edit: it travels in one frame of the log beside the object's row, and
   * every field takes some 50 bytes besides its path and value.
   */
  documentEditBytesMax: 1024 * 1024,
  documentEditRegistersMax: 20_000,
  /** The same after a merge: what regions have added without knowing of each other must not keep them apart for ever. */
  documentBytesMax: 2_400 * 1024,
  /** Cutting, merging and putting together so many takes a tenth of a second. */
  documentRegistersMax: 50_000,
  /**
   * Client ids that have ever written to one document, some 15 bytes each. A client id is the life of a process, and
   * only those that edit a document count, so that a region may restart a few times every day for years.
   */
  documentClientsMax: 4_096,
  /** Writers whose clock is so far ahead of the others' refuse: their values would win over later ones of others. */
  clockAheadMsMax: 2_000,
  /** Registers from further ahead are parked: two such clocks, and the time that a message takes. */
  registerAheadMsMax: 5_000,
  /**
   * Registers that are looked at while one is sought that breaks the schema: some tenths of a second at most, as each
   * attempt puts the object together and validates it.
   */
  repairRegistersMax: 200_000,
  /** Attempts of the same, for small documents whose validation costs more than putting them together. */
  repairAttemptsMax: 200,
  /** Kinds whose objects converge, compiled for documents: the built-in ones are eight, providers may have more. */
  convergentKindsCachedMax: 256,
  /** Logical clusters that are looked for at once, and that are known to be gone, 20 bytes each. */
  goneClustersMax: 10_000,
  /** A logical cluster comes by another stream than what is in it; it is looked for after that. */
  goneClusterWaitMs: 1_000,
  goneClusterRetryMs: 60_000,
  /** Documents that one digest of a region's convergent objects lists one by one; beyond, it sends sums. */
  digestDocumentsMax: 64,
  /** Such digests in one message: some hundred kilobytes at most. */
  digestSummariesMax: 32,
  /** Documents that one comparison finds to differ; the next one finds more. */
  digestDifferencesMax: 1_000,
} as const;
