{{/* At most 52 characters: a StatefulSet's pods get a label of its name and a hash, and labels have 63. */}}
{{- define "stream-enricher.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- $full := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) }}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* What is the release's: never changes, for selectors and volume claims are immutable. */}}
{{- define "stream-enricher.releaseLabels" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "stream-enricher.selectorLabels" -}}
{{ include "stream-enricher.releaseLabels" . }}
app.kubernetes.io/component: enricher
{{- end }}

{{- define "stream-enricher.labels" -}}
{{ include "stream-enricher.releaseLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "stream-enricher.metadata" -}}
{{- include "stream-enricher.metadataOf" (dict "root" . "name" (include "stream-enricher.fullname" .)) }}
{{- end }}

{{/* Takes the root, the object's name, and annotations. */}}
{{- define "stream-enricher.metadataOf" -}}
name: {{ .name | quote }}
namespace: {{ .root.Release.Namespace | quote }}
{{- with .annotations }}
annotations: {{- toYaml . | nindent 2 }}
{{- end }}
labels: {{- include "stream-enricher.labels" .root | nindent 2 }}
{{- end }}

{{/* Empty where all instances are stopped. */}}
{{- define "stream-enricher.hasInstances" -}}
{{- if or .Values.replicaCount .Values.autoscaling.hpa.enabled .Values.autoscaling.keda.enabled }}true{{ end }}
{{- end }}

{{- define "stream-enricher.serviceAccountName" -}}
{{- default (ternary (include "stream-enricher.fullname" .) "default" .Values.serviceAccount.create) .Values.serviceAccount.name }}
{{- end }}

{{- define "stream-enricher.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end }}
{{- end }}

{{/*
The files below `secrets/` beside the pipeline file, as JSON: by their path, which key of which secret. They have the same names wherever
they come from. Takes the root, and the name that the chart's own secrets begin with.
*/}}
{{- define "stream-enricher.secretFiles" -}}
{{- $v := .root.Values }}
{{- $own := .name }}
{{- $files := dict }}
{{- range $folder, $of := dict "kafka" $v.kafka.sasl "registry" $v.registry.auth }}
{{- if or $of.existingSecret $of.password }}
{{- $made := printf "%s-%s" $own $folder }}
{{- $_ := set $files (printf "%s/username" $folder) (dict "secret" (ternary $made $of.existingSecret (not (empty $of.username))) "key" $of.usernameKey) }}
{{- $_ := set $files (printf "%s/password" $folder) (dict "secret" (default $made $of.existingSecret) "key" $of.passwordKey) }}
{{- end }}
{{- end }}
{{- $tls := $v.kafka.tls }}
{{- range $file, $key := dict "ca.crt" $tls.caKey "tls.crt" $tls.certKey "tls.key" $tls.keyKey }}
{{- if and $tls.existingClientSecret (ne $file "ca.crt") }}
{{- $_ := set $files (printf "kafka-tls/%s" $file) (dict "secret" $tls.existingClientSecret "key" $key) }}
{{- else if and $tls.existingSecret (has $file $tls.keys) }}
{{- $_ := set $files (printf "kafka-tls/%s" $file) (dict "secret" $tls.existingSecret "key" $key) }}
{{- end }}
{{- end }}
{{- with $v.http.token }}
{{- if .existingSecret }}
{{- $_ := set $files "http/token" (dict "secret" .existingSecret "key" .key) }}
{{- end }}
{{- end }}
{{- toJson $files }}
{{- end }}

{{/* The environment variables that the pipeline file may use, beside POD_NAME. */}}
{{- define "stream-enricher.env" -}}
- name: POD_HOST
  value: $(POD_NAME).{{ include "stream-enricher.fullname" . }}-headless.{{ .Release.Namespace }}.svc
- name: LOG_LEVEL
  value: {{ .Values.logLevel }}
{{- with .Values.kafka.brokers }}
- name: KAFKA_BROKERS
  value: {{ . | quote }}
{{- end }}
{{- with .Values.registry.url }}
- name: SCHEMA_REGISTRY_URL
  value: {{ . | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Changes with the chart's own secrets, and with the others' content where `rollWorkloadSecrets` lets it be looked up. Takes the root and the files. */}}
{{- define "stream-enricher.secretsSum" -}}
{{- $seen := list .files .root.Values.kafka.sasl .root.Values.registry.auth }}
{{- if .root.Values.rollWorkloadSecrets }}
{{- $secrets := list }}
{{- range .files }}
{{- $secrets = append $secrets .secret }}
{{- end }}
{{- range $secrets | uniq | sortAlpha }}
{{- $seen = append $seen (lookup "v1" "Secret" $.root.Release.Namespace .).data }}
{{- end }}
{{- end }}
{{- toJson $seen | sha256sum }}
{{- end }}
