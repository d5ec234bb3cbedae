/**
 * Objects of every kind that has a protobuf form, nearly all fields set, with the JSON text and the
 * bytes (base64) that the Go types of Kubernetes 1.35 write for them: what the codec must match.
 */
export interface Sample {
  readonly json: string;
  readonly protobuf: string;
}

export const SAMPLES: readonly Sample[] = [
  {
    json: '{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"sample","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Terminating","conditions":[{"type":"NamespaceContentRemaining","status":"True","lastTransitionTime":"2024-01-01T00:00:00Z","reason":"r","message":"m"}]}}',
    protobuf:
      'azhzAAoPCgJ2MRIJTmFtZXNwYWNlEtQBCoEBCgZzYW1wbGUSABoAIgAqJDVmMGM2YTRlLTlmM2EtNGM1NS04ZDdkLTNhNWY1YTdmZjlhMTICNDE4AkIICP+0hK8GEABaDQoJX19wcm90b19fEgBaDAoDYXBwEgVrw6RzZWIeChBleGFtcGxlLmNvbS9ub3RlEgphPGIgJiBj4oCoEgwKCmt1YmVybmV0ZXMaQAoLVGVybWluYXRpbmcSMQoZTmFtZXNwYWNlQ29udGVudFJlbWFpbmluZxIEVHJ1ZSIICICByKwGEAAqAXIyAW0aACIA',
  },
  {
    json: '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"sample","generateName":"sam-","namespace":"team-a","selfLink":"/x","uid":"u-1","resourceVersion":"9007199254740993","generation":9007199254740991,"creationTimestamp":"2024-02-29T23:59:59Z","deletionTimestamp":"2024-03-01T00:00:00Z","deletionGracePeriodSeconds":0,"labels":{"a":"1","b":"2","constructor":"x"},"annotations":{"k":""},"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"u-2","controller":true,"blockOwnerDeletion":false},{"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"u-3"}],"finalizers":["example.com/a","orphan"],"managedFields":[{"manager":"kubectl","operation":"Apply","apiVersion":"v1","time":"2024-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:x":{}}},"subresource":"status"}]},"immutable":false,"data":{"a.txt":"line\\nline","empty":""},"binaryData":{"b":"/wA=","none":""}}',
    protobuf:
      'azhzAAoPCgJ2MRIJQ29uZmlnTWFwEtYCCp8CCgZzYW1wbGUSBHNhbS0aBnRlYW0tYSICL3gqA3UtMTIQOTAwNzE5OTI1NDc0MDk5Mzj/////////D0IICP+0hK8GEABKCAiAtYSvBhAAUABaBgoBYRIBMVoGCgFiEgEyWhAKC2NvbnN0cnVjdG9yEgF4YgUKAWsSAGohCgpEZXBsb3ltZW50GgFkIgN1LTIqB2FwcHMvdjEwATgAahcKCUNvbmZpZ01hcBoBYyIDdS0zKgJ2MXINZXhhbXBsZS5jb20vYXIGb3JwaGFuigFQCgdrdWJlY3RsEgVBcHBseRoCdjEiCAiAgcisBhAAMghGaWVsZHNWMToeChx7ImY6ZGF0YSI6eyIuIjp7fSwiZjp4Ijp7fX19QgZzdGF0dXMSEgoFYS50eHQSCWxpbmUKbGluZRIJCgVlbXB0eRIAGgcKAWISAv8AGggKBG5vbmUSACAAGgAiAA==',
  },
  {
    json: '{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"77","continue":"token","remainingItemCount":0},"items":[{"metadata":{"name":"a"},"data":{"x":"y"}},{"metadata":{"name":"b"}}]}',
    protobuf:
      'azhzAAoTCgJ2MRINQ29uZmlnTWFwTGlzdBJDCg8KABICNzcaBXRva2VuIAASGwoRCgFhEgAaACIAKgAyADgAQgASBgoBeBIBeRITChEKAWISABoAIgAqADIAOABCABoAIgA=',
  },
  {
    json: '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"immutable":true,"data":{"password":"czNjcjN0"},"stringData":{"user":"root"},"type":"Opaque"}',
    protobuf:
      'azhzAAoMCgJ2MRIGU2VjcmV0ErYBCocBCgZzYW1wbGUSABoGdGVhbS1hIgAqJDVmMGM2YTRlLTlmM2EtNGM1NS04ZDdkLTNhNWY1YTdmZjlhMTICNDE4AkIICP+0hK8GEABaDQoJX19wcm90b19fEgBaDAoDYXBwEgVrw6RzZWIeChBleGFtcGxlLmNvbS9ub3RlEgphPGIgJiBj4oCoEhIKCHBhc3N3b3JkEgZzM2NyM3QaBk9wYXF1ZSIMCgR1c2VyEgRyb290KAEaACIA',
  },
  {
    json: '{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"secrets":[{"name":"s"}],"imagePullSecrets":[{"name":"p"},{}],"automountServiceAccountToken":false}',
    protobuf:
      'azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSpgEKhwEKBnNhbXBsZRIAGgZ0ZWFtLWEiACokNWYwYzZhNGUtOWYzYS00YzU1LThkN2QtM2E1ZjVhN2ZmOWExMgI0MTgCQggI/7SErwYQAFoNCglfX3Byb3RvX18SAFoMCgNhcHASBWvDpHNlYh4KEGV4YW1wbGUuY29tL25vdGUSCmE8YiAmIGPigKgSDwoAEgAaAXMiACoAMgA6ABoDCgFwGgIKACAAGgAiAA==',
  },
  {
    json: '{"kind":"Event","apiVersion":"v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"involvedObject":{"kind":"Widget","namespace":"team-a","name":"w","uid":"u","apiVersion":"example.com/v1","resourceVersion":"3","fieldPath":"spec"},"reason":"Started","message":"it did","source":{"component":"c","host":"h"},"firstTimestamp":"2024-01-01T00:00:00Z","lastTimestamp":"2024-01-01T00:00:01Z","count":2,"type":"Normal","eventTime":null,"series":{"count":3,"lastObservedTime":"2024-01-01T00:00:00.123456Z"},"action":"Do","related":{"name":"r"},"reportingComponent":"rc","reportingInstance":"ri"}',
    protobuf:
      'azhzAAoLCgJ2MRIFRXZlbnQSogIKhwEKBnNhbXBsZRIAGgZ0ZWFtLWEiACokNWYwYzZhNGUtOWYzYS00YzU1LThkN2QtM2E1ZjVhN2ZmOWExMgI0MTgCQggI/7SErwYQAFoNCglfX3Byb3RvX18SAFoMCgNhcHASBWvDpHNlYh4KEGV4YW1wbGUuY29tL25vdGUSCmE8YiAmIGPigKgSLwoGV2lkZ2V0EgZ0ZWFtLWEaAXciAXUqDmV4YW1wbGUuY29tL3YxMgEzOgRzcGVjGgdTdGFydGVkIgZpdCBkaWQqBgoBYxIBaDIICICByKwGEAA6CAiBgcisBhAAQAJKBk5vcm1hbFIAWg8IAxILCICByKwGEICU7zpiAkRvag8KABIAGgFyIgAqADIAOgByAnJjegJyaRoAIgA=',
  },
  {
    json: '{"kind":"LimitRange","apiVersion":"v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"limits":[{"type":"Container","max":{"cpu":"2","memory":"1Gi"},"min":{"cpu":"100m"},"default":{"cpu":"500m"},"defaultRequest":{"cpu":"200m"},"maxLimitRequestRatio":{"cpu":"10"}}]}}',
    protobuf:
      'azhzAAoQCgJ2MRIKTGltaXRSYW5nZRLwAQqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBJkCmIKCUNvbnRhaW5lchIKCgNjcHUSAwoBMhIPCgZtZW1vcnkSBQoDMUdpGg0KA2NwdRIGCgQxMDBtIg0KA2NwdRIGCgQ1MDBtKg0KA2NwdRIGCgQyMDBtMgsKA2NwdRIECgIxMBoAIgA=',
  },
  {
    json: '{"kind":"ResourceQuota","apiVersion":"v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"hard":{"count/configmaps":"5"},"scopes":["NotTerminating"],"scopeSelector":{"matchExpressions":[{"scopeName":"PriorityClass","operator":"In","values":["high"]}]}},"status":{"hard":{"count/configmaps":"5"},"used":{"count/configmaps":"0"}}}',
    protobuf:
      'azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRKGAgqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBJGChcKEGNvdW50L2NvbmZpZ21hcHMSAwoBNRIOTm90VGVybWluYXRpbmcaGwoZCg1Qcmlvcml0eUNsYXNzEgJJbhoEaGlnaBoyChcKEGNvdW50L2NvbmZpZ21hcHMSAwoBNRIXChBjb3VudC9jb25maWdtYXBzEgMKATAaACIA',
  },
  {
    json: '{"kind":"Status","apiVersion":"v1","metadata":{"continue":"c"},"status":"Failure","message":"configmaps \\"x\\" not found","reason":"NotFound","details":{"name":"x","group":"g","kind":"configmaps","uid":"u","causes":[{"reason":"FieldValueInvalid","message":"m","field":"spec.a"}],"retryAfterSeconds":1},"code":404}',
    protobuf:
      'azhzAAoMCgJ2MRIGU3RhdHVzEnIKBwoAEgAaAWMSB0ZhaWx1cmUaGGNvbmZpZ21hcHMgIngiIG5vdCBmb3VuZCIITm90Rm91bmQqNwoBeBIBZxoKY29uZmlnbWFwcyIeChFGaWVsZFZhbHVlSW52YWxpZBIBbRoGc3BlYy5hKAEyAXUwlAMaACIA',
  },
  {
    json: '{"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0,"preconditions":{"uid":"u","resourceVersion":"5"},"orphanDependents":false,"propagationPolicy":"Foreground","dryRun":["All"]}',
    protobuf: 'azhzAAoTCgJ2MRINRGVsZXRlT3B0aW9ucxIdCAASBgoBdRIBNRgAIgpGb3JlZ3JvdW5kKgNBbGwaACIA',
  },
  {
    json: '{"kind":"PatchOptions","apiVersion":"v1","dryRun":["All"],"force":true,"fieldManager":"m","fieldValidation":"Strict"}',
    protobuf: 'azhzAAoSCgJ2MRIMUGF0Y2hPcHRpb25zEhIKA0FsbBABGgFtIgZTdHJpY3QaACIA',
  },
  {
    json: '{"kind":"ListOptions","apiVersion":"v1","labelSelector":"a=b","watch":true,"timeoutSeconds":30,"limit":500,"sendInitialEvents":false}',
    protobuf: 'azhzAAoRCgJ2MRILTGlzdE9wdGlvbnMSGAoDYT1iEgAYASIAKB449ANCAEgAUgBYABoAIgA=',
  },
  {
    json: '{"kind":"APIVersions","apiVersion":"v1","versions":["v1"],"serverAddressByClientCIDRs":[{"clientCIDR":"0.0.0.0/0","serverAddress":"host:443"}]}',
    protobuf: 'azhzAAoRCgJ2MRILQVBJVmVyc2lvbnMSGwoCdjESFQoJMC4wLjAuMC8wEghob3N0OjQ0MxoAIgA=',
  },
  {
    json: '{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}]}',
    protobuf: 'azhzAAoSCgJ2MRIMQVBJR3JvdXBMaXN0EiYKJAoEYXBwcxINCgdhcHBzL3YxEgJ2MRoNCgdhcHBzL3YxEgJ2MRoAIgA=',
  },
  {
    json: '{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"v1","resources":[{"name":"configmaps","singularName":"configmap","namespaced":true,"kind":"ConfigMap","verbs":["get","list"],"shortNames":["cm"],"categories":["all"],"storageVersionHash":"h"},{"name":"x/status","singularName":"","namespaced":false,"kind":"X","verbs":null}]}',
    protobuf:
      'azhzAAoVCgJ2MRIPQVBJUmVzb3VyY2VMaXN0EmAKAnYxEkEKCmNvbmZpZ21hcHMQARoJQ29uZmlnTWFwIgsKA2dldAoEbGlzdCoCY20yCWNvbmZpZ21hcDoDYWxsQgBKAFIBaBIXCgh4L3N0YXR1cxAAGgFYMgBCAEoAUgAaACIA',
  },
  {
    json: '{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{"name":"sample","generateName":"sam-","namespace":"team-a","selfLink":"/x","uid":"u-1","resourceVersion":"9007199254740993","generation":9007199254740991,"creationTimestamp":"2024-02-29T23:59:59Z","deletionTimestamp":"2024-03-01T00:00:00Z","deletionGracePeriodSeconds":0,"labels":{"a":"1","b":"2","constructor":"x"},"annotations":{"k":""},"ownerReferences":[{"apiVersion":"apps/v1","kind":"Deployment","name":"d","uid":"u-2","controller":true,"blockOwnerDeletion":false},{"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"u-3"}],"finalizers":["example.com/a","orphan"],"managedFields":[{"manager":"kubectl","operation":"Apply","apiVersion":"v1","time":"2024-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:x":{}}},"subresource":"status"}]}}',
    protobuf:
      'azhzAAonCg5tZXRhLms4cy5pby92MRIVUGFydGlhbE9iamVjdE1ldGFkYXRhEqICCp8CCgZzYW1wbGUSBHNhbS0aBnRlYW0tYSICL3gqA3UtMTIQOTAwNzE5OTI1NDc0MDk5Mzj/////////D0IICP+0hK8GEABKCAiAtYSvBhAAUABaBgoBYRIBMVoGCgFiEgEyWhAKC2NvbnN0cnVjdG9yEgF4YgUKAWsSAGohCgpEZXBsb3ltZW50GgFkIgN1LTIqB2FwcHMvdjEwATgAahcKCUNvbmZpZ01hcBoBYyIDdS0zKgJ2MXINZXhhbXBsZS5jb20vYXIGb3JwaGFuigFQCgdrdWJlY3RsEgVBcHBseRoCdjEiCAiAgcisBhAAMghGaWVsZHNWMToeChx7ImY6ZGF0YSI6eyIuIjp7fSwiZjp4Ijp7fX19QgZzdGF0dXMaACIA',
  },
  {
    json: '{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"a"}}]}',
    protobuf:
      'azhzAAorCg5tZXRhLms4cy5pby92MRIZUGFydGlhbE9iamVjdE1ldGFkYXRhTGlzdBIeCgcKABIBMRoAEhMKEQoBYRIAGgAiACoAMgA4AEIAGgAiAA==',
  },
  {
    json: '{"kind":"Event","apiVersion":"events.k8s.io/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"eventTime":"2024-01-01T00:00:00.000001Z","series":{"count":3,"lastObservedTime":"1969-12-31T23:59:59.999999Z"},"reportingController":"rc","reportingInstance":"ri","action":"Do","reason":"R","regarding":{"name":"x"},"related":{"name":"y"},"note":"n","type":"Normal","deprecatedSource":{"component":"c"},"deprecatedFirstTimestamp":"2024-01-01T00:00:00Z","deprecatedLastTimestamp":null,"deprecatedCount":-1}',
    protobuf:
      'azhzAAoZChBldmVudHMuazhzLmlvL3YxEgVFdmVudBKGAgqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBIJCICByKwGEOgHGhUIAxIRCP///////////wEQmIzr3AMiAnJjKgJyaTICRG86AVJCDwoAEgAaAXgiACoAMgA6AEoPCgASABoBeSIAKgAyADoAUgFuWgZOb3JtYWxiBQoBYxIAaggIgIHIrAYQAHIAeP///////////wEaACIA',
  },
  {
    json: '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"holderIdentity":"me","leaseDurationSeconds":15,"acquireTime":"2024-01-01T00:00:00.000000Z","renewTime":"2024-01-01T00:00:02.123456Z","leaseTransitions":0,"strategy":"OldestEmulationVersion","preferredHolder":"you"}}',
    protobuf:
      'azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRLIAQqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBI8CgJtZRAPGggIgIHIrAYQACILCIKByKwGEICU7zooADIWT2xkZXN0RW11bGF0aW9uVmVyc2lvbjoDeW91GgAiAA==',
  },
  {
    json: '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"free"},"spec":{}}',
    protobuf: 'azhzAAofChZjb29yZGluYXRpb24uazhzLmlvL3YxEgVMZWFzZRIYChQKBGZyZWUSABoAIgAqADIAOABCABIAGgAiAA==',
  },
  {
    json: '{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"rules":[{"verbs":["get"],"apiGroups":[""],"resources":["secrets"],"resourceNames":["x"]}]}',
    protobuf:
      'azhzAAokChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgRSb2xlEp8BCocBCgZzYW1wbGUSABoGdGVhbS1hIgAqJDVmMGM2YTRlLTlmM2EtNGM1NS04ZDdkLTNhNWY1YTdmZjlhMTICNDE4AkIICP+0hK8GEABaDQoJX19wcm90b19fEgBaDAoDYXBwEgVrw6RzZWIeChBleGFtcGxlLmNvbS9ub3RlEgphPGIgJiBj4oCoEhMKA2dldBIAGgdzZWNyZXRzIgF4GgAiAA==',
  },
  {
    json: '{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"none"},"rules":null}',
    protobuf:
      'azhzAAokChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgRSb2xlEhYKFAoEbm9uZRIAGgAiACoAMgA4AEIAGgAiAA==',
  },
  {
    json: '{"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"agg"},"rules":[{"verbs":["*"],"nonResourceURLs":["/healthz"]}],"aggregationRule":{"clusterRoleSelectors":[{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"env","operator":"Exists"}]}]}}',
    protobuf:
      'azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtDbHVzdGVyUm9sZRJTChMKA2FnZxIAGgAiACoAMgA4AEIAEg0KASoqCC9oZWFsdGh6Gi0KKwoICgNhcHASAXgSEAoEdGllchICSW4aAWEaAWISDQoDZW52EgZFeGlzdHMaACIA',
  },
  {
    json: '{"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"jane"},{"kind":"ServiceAccount","name":"sa","namespace":"ns"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"r"}}',
    protobuf:
      'azhzAAorChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEgtSb2xlQmluZGluZxL3AQqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBIpCgRVc2VyEhlyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvGgRqYW5lIgASGgoOU2VydmljZUFjY291bnQSABoCc2EiAm5zGiQKGXJiYWMuYXV0aG9yaXphdGlvbi5rOHMuaW8SBFJvbGUaAXIaACIA',
  },
  {
    json: '{"kind":"ClusterRoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"b"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"r"}}',
    protobuf:
      'azhzAAoyChxyYmFjLmF1dGhvcml6YXRpb24uazhzLmlvL3YxEhJDbHVzdGVyUm9sZUJpbmRpbmcSQAoRCgFiEgAaACIAKgAyADgAQgAaKwoZcmJhYy5hdXRob3JpemF0aW9uLms4cy5pbxILQ2x1c3RlclJvbGUaAXIaACIA',
  },
  {
    json: '{"kind":"TokenRequest","apiVersion":"authentication.k8s.io/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"audiences":["api"],"expirationSeconds":3600,"boundObjectRef":{"kind":"Secret","apiVersion":"v1","name":"s","uid":"u"}},"status":{"token":"t","expirationTimestamp":"2024-01-01T00:00:00Z"}}',
    protobuf:
      'azhzAAooChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESDFRva2VuUmVxdWVzdBK3AQqHAQoGc2FtcGxlEgAaBnRlYW0tYSIAKiQ1ZjBjNmE0ZS05ZjNhLTRjNTUtOGQ3ZC0zYTVmNWE3ZmY5YTEyAjQxOAJCCAj/tISvBhAAWg0KCV9fcHJvdG9fXxIAWgwKA2FwcBIFa8Okc2ViHgoQZXhhbXBsZS5jb20vbm90ZRIKYTxiICYgY+KAqBIcCgNhcGkaEgoGU2VjcmV0EgJ2MRoBcyIBdSCQHBoNCgF0EggIgIHIrAYQABoAIgA=',
  },
  {
    json: '{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","metadata":{},"spec":{"token":"t","audiences":["a"]},"status":{"authenticated":true,"user":{"username":"jane","uid":"u","groups":["g1","g2"],"extra":{"none":[],"scopes":["a","b"]}},"audiences":["a"],"error":"e"}}',
    protobuf:
      'azhzAAonChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESC1Rva2VuUmV2aWV3ElMKEAoAEgAaACIAKgAyADgAQgASBgoBdBIBYRo3CAESLQoEamFuZRIBdRoCZzEaAmcyIggKBG5vbmUSACIQCgZzY29wZXMSBgoBYQoBYhoBZSIBYRoAIgA=',
  },
  {
    json: '{"kind":"SelfSubjectReview","apiVersion":"authentication.k8s.io/v1","metadata":{},"status":{"userInfo":{"username":"jane","uid":"u","groups":["g1","g2"],"extra":{"none":[],"scopes":["a","b"]}}}}',
    protobuf:
      'azhzAAotChhhdXRoZW50aWNhdGlvbi5rOHMuaW8vdjESEVNlbGZTdWJqZWN0UmV2aWV3EkMKEAoAEgAaACIAKgAyADgAQgASLwotCgRqYW5lEgF1GgJnMRoCZzIiCAoEbm9uZRIAIhAKBnNjb3BlcxIGCgFhCgFiGgAiAA==',
  },
  {
    json: '{"kind":"SubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"resourceAttributes":{"namespace":"ns","verb":"get","group":"apps","version":"v1","resource":"deployments","subresource":"scale","name":"n","fieldSelector":{"rawSelector":"a=b","requirements":[{"key":"metadata.name","operator":"In","values":["x"]}]},"labelSelector":{"requirements":[{"key":"k","operator":"Exists"}]}},"user":"jane","groups":["g"],"extra":{"k":["v"]},"uid":"u"},"status":{"allowed":true,"denied":true,"reason":"r","evaluationError":"e"}}',
    protobuf:
      'azhzAAouChdhdXRob3JpemF0aW9uLms4cy5pby92MRITU3ViamVjdEFjY2Vzc1JldmlldxKSAQoQCgASABoAIgAqADIAOABCABJyCloKAm5zEgNnZXQaBGFwcHMiAnYxKgtkZXBsb3ltZW50czIFc2NhbGU6AW5CHQoDYT1iEhYKDW1ldGFkYXRhLm5hbWUSAkluGgF4Sg8KABILCgFrEgZFeGlzdHMaBGphbmUiAWcqCAoBaxIDCgF2MgF1GgoIARIBchoBZSABGgAiAA==',
  },
  {
    json: '{"kind":"LocalSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{"namespace":"ns"},"spec":{"resourceAttributes":{"namespace":"ns","verb":"get","group":"apps","version":"v1","resource":"deployments","subresource":"scale","name":"n","fieldSelector":{"rawSelector":"a=b","requirements":[{"key":"metadata.name","operator":"In","values":["x"]}]},"labelSelector":{"requirements":[{"key":"k","operator":"Exists"}]}}},"status":{"allowed":false}}',
    protobuf:
      'azhzAAozChdhdXRob3JpemF0aW9uLms4cy5pby92MRIYTG9jYWxTdWJqZWN0QWNjZXNzUmV2aWV3EoABChIKABIAGgJucyIAKgAyADgAQgASYApaCgJucxIDZ2V0GgRhcHBzIgJ2MSoLZGVwbG95bWVudHMyBXNjYWxlOgFuQh0KA2E9YhIWCg1tZXRhZGF0YS5uYW1lEgJJbhoBeEoPCgASCwoBaxIGRXhpc3RzGgAyABoICAASABoAIAAaACIA',
  },
  {
    json: '{"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"nonResourceAttributes":{"path":"/x","verb":"get"}},"status":{"allowed":true}}',
    protobuf:
      'azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSKQoQCgASABoAIgAqADIAOABCABILEgkKAi94EgNnZXQaCAgBEgAaACAAGgAiAA==',
  },
  {
    json: '{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","metadata":{},"spec":{"namespace":"ns"},"status":{"resourceRules":[{"verbs":["get"],"apiGroups":[""],"resources":["*"],"resourceNames":["x"]}],"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["/api"]}],"incomplete":true,"evaluationError":"e"}}',
    protobuf:
      'azhzAAoxChdhdXRob3JpemF0aW9uLms4cy5pby92MRIWU2VsZlN1YmplY3RSdWxlc1JldmlldxI7ChAKABIAGgAiACoAMgA4AEIAEgQKAm5zGiEKDQoDZ2V0EgAaASoiAXgSCwoDZ2V0EgQvYXBpGAEiAWUaACIA',
  },
  {
    json: '{"kind":"MutatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"m"},"webhooks":[{"name":"a.example.com","clientConfig":{"service":{"namespace":"ns","name":"svc","path":"/p","port":8443},"caBundle":"AAEC"},"rules":[{"operations":["CREATE","UPDATE"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["*/*"],"scope":"Namespaced"}],"failurePolicy":"Fail","matchPolicy":"Exact","namespaceSelector":{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"env","operator":"Exists"}]},"objectSelector":{},"sideEffects":"None","timeoutSeconds":5,"admissionReviewVersions":["v1"],"reinvocationPolicy":"Never","matchConditions":[{"name":"c","expression":"true"}]}]}',
    protobuf:
      'azhzAAo/Ch9hZG1pc3Npb25yZWdpc3RyYXRpb24uazhzLmlvL3YxEhxNdXRhdGluZ1dlYmhvb2tDb25maWd1cmF0aW9uEscBChEKAW0SABoAIgAqADIAOABCABKxAQoNYS5leGFtcGxlLmNvbRIXChAKAm5zEgNzdmMaAi9wIPtBEgMAAQIaLQoGQ1JFQVRFCgZVUERBVEUSGwoEYXBwcxICdjEaAyovKiIKTmFtZXNwYWNlZCIERmFpbCorCggKA2FwcBIBeBIQCgR0aWVyEgJJbhoBYRoBYhINCgNlbnYSBkV4aXN0czIETm9uZTgFQgJ2MUoFRXhhY3RSBU5ldmVyWgBiCQoBYxIEdHJ1ZRoAIgA=',
  },
  {
    json: '{"kind":"ValidatingWebhookConfiguration","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"v"},"webhooks":[{"name":"a.example.com","clientConfig":{"url":"https://x"},"sideEffects":"None","admissionReviewVersions":["v1"]}]}',
    protobuf:
      'azhzAApBCh9hZG1pc3Npb25yZWdpc3RyYXRpb24uazhzLmlvL3YxEh5WYWxpZGF0aW5nV2ViaG9va0NvbmZpZ3VyYXRpb24SOwoRCgF2EgAaACIAKgAyADgAQgASJgoNYS5leGFtcGxlLmNvbRILGglodHRwczovL3gyBE5vbmVCAnYxGgAiAA==',
  },
  {
    json: '{"kind":"ValidatingAdmissionPolicy","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"p","generation":1},"spec":{"paramKind":{"apiVersion":"v1","kind":"ConfigMap"},"matchConstraints":{"namespaceSelector":{},"resourceRules":[{"resourceNames":["x"],"operations":["CREATE","UPDATE"],"apiGroups":["apps"],"apiVersions":["v1"],"resources":["*/*"],"scope":"Namespaced"}],"excludeResourceRules":[{"operations":["*"],"apiGroups":["*"]}],"matchPolicy":"Equivalent"},"validations":[{"expression":"true","message":"m","reason":"Forbidden","messageExpression":"\\"m\\""}],"failurePolicy":"Fail","auditAnnotations":[{"key":"k","valueExpression":"v"}],"matchConditions":[{"name":"c","expression":"e"}],"variables":[{"name":"n","expression":"e"}]},"status":{"observedGeneration":1,"typeChecking":{"expressionWarnings":[{"fieldRef":"f","warning":"w"}]},"conditions":[{"type":"Ready","status":"True","observedGeneration":3,"lastTransitionTime":"2024-01-01T00:00:00Z","reason":"Ok","message":"fine"}]}}',
    protobuf:
      'azhzAAo8Ch9hZG1pc3Npb25yZWdpc3RyYXRpb24uazhzLmlvL3YxEhlWYWxpZGF0aW5nQWRtaXNzaW9uUG9saWN5EuMBChEKAXASABoAIgAqADIAOAFCABKaAQoPCgJ2MRIJQ29uZmlnTWFwEk4KABoyCgF4Ei0KBkNSRUFURQoGVVBEQVRFEhsKBGFwcHMSAnYxGgMqLyoiCk5hbWVzcGFjZWQiChIICgEqEgMKASo6CkVxdWl2YWxlbnQaGQoEdHJ1ZRIBbRoJRm9yYmlkZGVuIgMibSIiBEZhaWwqBgoBaxIBdjIGCgFjEgFlOgYKAW4SAWUaMQgBEggKBhIBZhoBdxojCgVSZWFkeRIEVHJ1ZRgDIggIgIHIrAYQACoCT2syBGZpbmUaACIA',
  },
  {
    json: '{"kind":"ValidatingAdmissionPolicyBinding","apiVersion":"admissionregistration.k8s.io/v1","metadata":{"name":"b"},"spec":{"policyName":"p","paramRef":{"name":"n","namespace":"ns","selector":{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"env","operator":"Exists"}]},"parameterNotFoundAction":"Allow"},"matchResources":{"objectSelector":{"matchLabels":{"app":"x"},"matchExpressions":[{"key":"tier","operator":"In","values":["a","b"]},{"key":"env","operator":"Exists"}]}},"validationActions":["Deny"]}}',
    protobuf:
      'azhzAApDCh9hZG1pc3Npb25yZWdpc3RyYXRpb24uazhzLmlvL3YxEiBWYWxpZGF0aW5nQWRtaXNzaW9uUG9saWN5QmluZGluZxKKAQoRCgFiEgAaACIAKgAyADgAQgASdQoBcBI7CgFuEgJucxorCggKA2FwcBIBeBIQCgR0aWVyEgJJbhoBYRoBYhINCgNlbnYSBkV4aXN0cyIFQWxsb3caLRIrCggKA2FwcBIBeBIQCgR0aWVyEgJJbhoBYRoBYhINCgNlbnYSBkV4aXN0cyIERGVueRoAIgA=',
  },
  {
    json: '{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"sample","namespace":"team-a","uid":"5f0c6a4e-9f3a-4c55-8d7d-3a5f5a7ff9a1","resourceVersion":"41","generation":2,"creationTimestamp":"2024-02-29T23:59:59Z","labels":{"__proto__":"","app":"käse"},"annotations":{"example.com/note":"a\\u003cb \\u0026 c\\u2028"}},"spec":{"replicas":3},"status":{"replicas":0,"selector":"a=b"}}',
    protobuf:
      'azhzAAoXCg5hdXRvc2NhbGluZy92MRIFU2NhbGUSlwEKhwEKBnNhbXBsZRIAGgZ0ZWFtLWEiACokNWYwYzZhNGUtOWYzYS00YzU1LThkN2QtM2E1ZjVhN2ZmOWExMgI0MTgCQggI/7SErwYQAFoNCglfX3Byb3RvX18SAFoMCgNhcHASBWvDpHNlYh4KEGV4YW1wbGUuY29tL25vdGUSCmE8YiAmIGPigKgSAggDGgcIABIDYT1iGgAiAA==',
  },
  {
    json: '{"kind":"CustomResourceDefinition","apiVersion":"apiextensions.k8s.io/v1","metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","names":{"plural":"widgets","singular":"widget","shortNames":["wd"],"kind":"Widget","listKind":"WidgetList","categories":["all"]},"scope":"Namespaced","versions":[{"name":"v1","served":true,"storage":true,"deprecated":true,"deprecationWarning":"w","schema":{"openAPIV3Schema":{"$schema":"http://json-schema.org/schema#","description":"A widget","type":"object","required":["spec"],"properties":{"spec":{"id":"i","type":"object","default":{"size":9007199254740993},"exclusiveMaximum":true,"properties":{"__proto__":{"allOf":[{"type":"string"}],"oneOf":[{"$ref":"#/definitions/a"}],"not":{"type":"null"}},"closed":{"type":"object","additionalProperties":{"type":"string"}},"name":{"type":"string","title":"Name","maxLength":63,"minLength":1,"pattern":"^a+$","enum":["a",null,"b",1,{"x":[1]}],"example":"aa","nullable":true},"open":{"type":"object","maxProperties":4,"minProperties":1,"additionalProperties":true},"port":{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true},"ports":{"type":"array","items":{"type":"object","x-kubernetes-map-type":"atomic"},"x-kubernetes-list-map-keys":["port","protocol"],"x-kubernetes-list-type":"map"},"raw":{"type":"object","x-kubernetes-preserve-unknown-fields":true,"x-kubernetes-embedded-resource":true},"size":{"type":"integer","format":"int32","default":3,"maximum":10.5,"minimum":0,"exclusiveMinimum":true,"multipleOf":0.5},"tags":{"type":"array","maxItems":5,"minItems":0,"uniqueItems":true,"items":{"type":"string"},"x-kubernetes-list-type":"set"},"tuple":{"type":"array","items":[{"type":"string"},{"type":"number"}],"additionalItems":false}},"patternProperties":{"^x-":{"type":"string"}},"dependencies":{"a":["b","c"],"d":{"type":"object"}},"definitions":{"a":{"type":"string"}},"externalDocs":{"description":"d","url":"http://x"},"x-kubernetes-validations":[{"rule":"self.size \\u003e 0","message":"m","messageExpression":"\\"x\\"","reason":"FieldValueInvalid","fieldPath":".size","optionalOldSelf":false}]}}}},"subresources":{"status":{},"scale":{"specReplicasPath":".spec.r","statusReplicasPath":".status.r","labelSelectorPath":".status.s"}},"additionalPrinterColumns":[{"name":"Age","type":"date","format":"date","description":"d","priority":1,"jsonPath":".metadata.creationTimestamp"}],"selectableFields":[{"jsonPath":".spec.name"}]},{"name":"v2","served":false,"storage":false}],"conversion":{"strategy":"Webhook","webhook":{"clientConfig":{"service":{"namespace":"ns","name":"svc","path":"/p","port":8443},"caBundle":"AAEC"},"conversionReviewVersions":["v1"]}}},"status":{"conditions":[{"type":"Established","status":"True","lastTransitionTime":"2024-01-01T00:00:00Z","reason":"r","message":"m","observedGeneration":1}],"acceptedNames":{"plural":"widgets","singular":"widget","shortNames":["wd"],"kind":"Widget","listKind":"WidgetList","categories":["all"]},"storedVersions":["v1"]}}',
    protobuf:
      'azhzAAozChdhcGlleHRlbnNpb25zLms4cy5pby92MRIYQ3VzdG9tUmVzb3VyY2VEZWZpbml0aW9uEpAOCiMKE3dpZGdldHMuZXhhbXBsZS5jb20SABoAIgAqADIAOABCABKJDQoLZXhhbXBsZS5jb20aLgoHd2lkZ2V0cxIGd2lkZ2V0GgJ3ZCIGV2lkZ2V0KgpXaWRnZXRMaXN0MgNhbGwiCk5hbWVzcGFjZWQ6hQwKAnYxEAEYASKNCwqKCwoAEh5odHRwOi8vanNvbi1zY2hlbWEub3JnL3NjaGVtYSMiCEEgd2lkZ2V0KgZvYmplY3QyADoAUABgAHoAkAEAugEEc3BlY+oBtQoKBHNwZWMSrAoKAWkSACIAKgZvYmplY3QyADoAQhsKGXsic2l6ZSI6OTAwNzE5OTI1NDc0MDk5M31QAWAAegCQAQDqAaoBCglfX3Byb3RvX18SnAEKABIAIgAqADIAOgBQAGAAegCQAQDKASQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgDSAS8KABIAGg8jL2RlZmluaXRpb25zL2EiACoAMgA6AFAAYAB6AJABAKgCALgCAMACAOIBIgoAEgAiACoEbnVsbDIAOgBQAGAAegCQAQCoAgC4AgDAAgCoAgC4AgDAAgDqAVkKBmNsb3NlZBJPCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEA8gEoCAESJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAOoBaAoEbmFtZRJgCgASACIAKgZzdHJpbmcyADoETmFtZVAAYABoP3ABegReYSskkAEAogEFCgMiYSKiAQCiAQUKAyJiIqIBAwoBMaIBCwoJeyJ4IjpbMV19ogIGCgQiYWEiqAIBuAIAwAIA6gE3CgRvcGVuEi8KABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQCoAQSwAQHyAQIIAagCALgCAMACAOoBdQoEcG9ydBJtCgASACIAKgAyADoAUABgAHoAkAEA2gElCgASACIAKgdpbnRlZ2VyMgA6AFAAYAB6AJABAKgCALgCAMACANoBJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACAKgCALgCAMACAeoBdgoFcG9ydHMSbQoAEgAiACoFYXJyYXkyADoAUABgAHoAkAEAwgEvCi0KABIAIgAqBm9iamVjdDIAOgBQAGAAegCQAQCoAgC4AgDAAgDaAgZhdG9taWOoAgC4AgDAAgDKAgRwb3J0ygIIcHJvdG9jb2zSAgNtYXDqAS4KA3JhdxInCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEAqAIAsAIBuAIBwAIA6gFTCgRzaXplEksKABIAIgAqB2ludGVnZXIyBWludDMyOgBCAwoBM0kAAAAAAAAlQFAAWQAAAAAAAAAAYAF6AJABAJkBAAAAAAAA4D+oAgC4AgDAAgDqAWAKBHRhZ3MSWAoAEgAiACoFYXJyYXkyADoAUABgAHoAgAEFiAEAkAEBwgEmCiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgCoAgC4AgDAAgDSAgNzZXTqAYABCgV0dXBsZRJ3CgASACIAKgVhcnJheTIAOgBQAGAAegCQAQDCAUwSJAoAEgAiACoGc3RyaW5nMgA6AFAAYAB6AJABAKgCALgCAMACABIkCgASACIAKgZudW1iZXIyADoAUABgAHoAkAEAqAIAuAIAwAIAigICCACoAgC4AgDAAgD6ASsKA154LRIkCgASACIAKgZzdHJpbmcyADoAUABgAHoAkAEAqAIAuAIAwAIAggILCgFhEgYSAWISAWOCAisKAWQSJgokCgASACIAKgZvYmplY3QyADoAUABgAHoAkAEAqAIAuAIAwAIAkgIpCgFhEiQKABIAIgAqBnN0cmluZzIAOgBQAGAAegCQAQCoAgC4AgDAAgCaAg0KAWQSCGh0dHA6Ly94qAIAuAIAwAIA4gIzCg1zZWxmLnNpemUgPiAwEgFtGgMieCIiEUZpZWxkVmFsdWVJbnZhbGlkKgUuc2l6ZTAAqAIAuAIAwAIAKiMKABIfCgcuc3BlYy5yEgkuc3RhdHVzLnIaCS5zdGF0dXMuczIzCgNBZ2USBGRhdGUaBGRhdGUiAWQoATIbLm1ldGFkYXRhLmNyZWF0aW9uVGltZXN0YW1wOAFCAXdKDAoKLnNwZWMubmFtZToKCgJ2MhAAGAA4AEooCgdXZWJob29rEh0SFwoQCgJucxIDc3ZjGgIvcCD7QRIDAAECGgJ2MVAAGl0KJQoLRXN0YWJsaXNoZWQSBFRydWUaCAiAgcisBhAAIgFyKgFtMAESLgoHd2lkZ2V0cxIGd2lkZ2V0GgJ3ZCIGV2lkZ2V0KgpXaWRnZXRMaXN0MgNhbGwaAnYxIAAaACIA',
  },
  {
    json: '{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[{"metadata":{"name":"apps"},"versions":[{"version":"v1","resources":[{"resource":"deployments","responseKind":{"group":"apps","version":"v1","kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment","verbs":["get"],"shortNames":["deploy"],"categories":["all"],"subresources":[{"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"},"acceptedTypes":[{"group":"","version":"v1","kind":"X"}],"verbs":["get"]}]}],"freshness":"Current"}]}]}',
    protobuf:
      'azhzAAovChZhcGlkaXNjb3ZlcnkuazhzLmlvL3YyEhVBUElHcm91cERpc2NvdmVyeUxpc3QStgEKBgoAEgAaABKrAQoUCgRhcHBzEgAaACIAKgAyADgAQgASkgEKAnYxEoIBCgtkZXBsb3ltZW50cxIWCgRhcHBzEgJ2MRoKRGVwbG95bWVudBoKTmFtZXNwYWNlZCIKZGVwbG95bWVudCoDZ2V0MgZkZXBsb3k6A2FsbEIxCgVzY2FsZRIYCgthdXRvc2NhbGluZxICdjEaBVNjYWxlGgkKABICdjEaAVgiA2dldBoHQ3VycmVudBoAIgA=',
  },
  {
    json: '{"kind":"FlowSchema","apiVersion":"flowcontrol.apiserver.k8s.io/v1","metadata":{"name":"f"},"spec":{"priorityLevelConfiguration":{"name":"p"},"matchingPrecedence":500,"distinguisherMethod":{"type":"ByUser"},"rules":[{"subjects":[{"kind":"User","user":{"name":"u"}},{"kind":"Group","group":{"name":"g"}},{"kind":"ServiceAccount","serviceAccount":{"namespace":"ns","name":"s"}}],"resourceRules":[{"verbs":["*"],"apiGroups":["*"],"resources":["*"],"clusterScope":true,"namespaces":["*"]}],"nonResourceRules":[{"verbs":["get"],"nonResourceURLs":["*"]}]}]},"status":{"conditions":[{"type":"Dangling","status":"False","lastTransitionTime":null,"reason":"Found","message":"m"}]}}',
    protobuf:
      'azhzAAotCh9mbG93Y29udHJvbC5hcGlzZXJ2ZXIuazhzLmlvL3YxEgpGbG93U2NoZW1hEpoBChEKAWYSABoAIgAqADIAOABCABJkCgMKAXAQ9AMaCAoGQnlVc2VyIlAKCwoEVXNlchIDCgF1CgwKBUdyb3VwGgMKAWcKGQoOU2VydmljZUFjY291bnQiBwoCbnMSAXMSDgoBKhIBKhoBKiABKgEqGggKA2dldDIBKhofCh0KCERhbmdsaW5nEgVGYWxzZRoAIgVGb3VuZCoBbRoAIgA=',
  },
  {
    json: '{"kind":"PriorityLevelConfiguration","apiVersion":"flowcontrol.apiserver.k8s.io/v1","metadata":{"name":"p"},"spec":{"type":"Limited","limited":{"nominalConcurrencyShares":0,"limitResponse":{"type":"Queue","queuing":{"queues":64,"handSize":6,"queueLengthLimit":50}},"lendablePercent":33,"borrowingLimitPercent":10}},"status":{}}',
    protobuf:
      'azhzAAo9Ch9mbG93Y29udHJvbC5hcGlzZXJ2ZXIuazhzLmlvL3YxEhpQcmlvcml0eUxldmVsQ29uZmlndXJhdGlvbhI5ChEKAXASABoAIgAqADIAOABCABIiCgdMaW1pdGVkEhcIABIPCgVRdWV1ZRIGCEAQBhgyGCEgChoAGgAiAA==',
  },
];
