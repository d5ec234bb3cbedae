{{/* The subjects of a region: those of deploy/nats/regions, which a test compares with these. */}}
{{- define "antipode.leafPermissions" -}}
publish: {
  allow: [
    "antipode.beat.>"
    "antipode.ask.>"
    "antipode.any.>"
    "antipode.reply.>"
    "_GR_.*.*.antipode.reply.>"
    "_GR_.*.*.$JS.FC.>"
    {{- range $other := .Values.nats.regions }}{{ if ne $other.name $.Values.region }}
    "$JS.{{ $other.name }}.API.STREAM.INFO.*"
    "$JS.{{ $other.name }}.API.STREAM.MSG.GET.*"
    "$JS.{{ $other.name }}.API.CONSUMER.CREATE.*"
    "$JS.{{ $other.name }}.API.CONSUMER.DELETE.*.*"
    {{- end }}{{ end }}
    "$JS.FC.>"
  ]
  deny: [
    {{- range $other := .Values.nats.regions }}{{ if ne $other.name $.Values.region }}
    "antipode.beat.{{ $other.name }}.>"
    {{- end }}{{ end }}
  ]
}
subscribe: {
  allow: [
    "antipode.beat.>"
    "antipode.ask.{{ .Values.region }}.>"
    "antipode.any.{{ .Values.region }}.>"
    "antipode.reply.{{ .Values.region }}.>"
    "$JS.{{ .Values.region }}.API.STREAM.INFO.*"
    "$JS.{{ .Values.region }}.API.STREAM.MSG.GET.*"
    "$JS.{{ .Values.region }}.API.CONSUMER.CREATE.*"
    "$JS.{{ .Values.region }}.API.CONSUMER.DELETE.*.*"
    "$JS.FC.>"
  ]
}
{{- end -}}

{{- define "antipode.memberPermissions" -}}
publish: {
  allow: [
    "antipode.log.{{ .Values.region }}.>"
    "antipode.beat.{{ .Values.region }}.>"
    "antipode.ask.>"
    "antipode.any.>"
    "antipode.reply.>"
    "_GR_.*.*.antipode.reply.>"
    "_GR_.*.*.$JS.FC.>"
    "$JS.API.INFO"
    "$JS.API.STREAM.CREATE.*"
    "$JS.API.STREAM.UPDATE.*"
    "$JS.API.STREAM.DELETE.*"
    "$JS.{{ .Values.region }}.API.STREAM.CREATE.*"
    "$JS.{{ .Values.region }}.API.STREAM.UPDATE.*"
    "$JS.{{ .Values.region }}.API.STREAM.DELETE.*"
    "$JS.API.STREAM.INFO.*"
    "$JS.API.STREAM.MSG.GET.*"
    "$JS.API.CONSUMER.CREATE.*"
    "$JS.API.CONSUMER.DELETE.*.*"
    "$JS.{{ .Values.region }}.API.STREAM.INFO.*"
    "$JS.{{ .Values.region }}.API.STREAM.MSG.GET.*"
    "$JS.{{ .Values.region }}.API.CONSUMER.CREATE.*"
    "$JS.{{ .Values.region }}.API.CONSUMER.DELETE.*.*"
    {{- range $other := .Values.nats.regions }}{{ if ne $other.name $.Values.region }}
    "$JS.{{ $other.name }}.API.STREAM.INFO.*"
    "$JS.{{ $other.name }}.API.STREAM.MSG.GET.*"
    "$JS.{{ $other.name }}.API.CONSUMER.CREATE.*"
    "$JS.{{ $other.name }}.API.CONSUMER.DELETE.*.*"
    {{- end }}{{ end }}
    "$JS.FC.>"
  ]
}
subscribe: {
  allow: [
    "antipode.beat.>"
    "antipode.ask.{{ .Values.region }}.>"
    "antipode.any.{{ .Values.region }}.>"
    "antipode.reply.{{ .Values.region }}.>"
  ]
}
{{- end -}}
