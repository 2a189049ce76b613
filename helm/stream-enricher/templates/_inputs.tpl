{{/* What the chart gives to pods: the ConfigMap with the pipeline file, and secrets. Takes the root, the name that theirs begin with, and annotations. */}}
{{- define "stream-enricher.inputs" -}}
{{- $v := .root.Values }}
{{- if not $v.existingConfigMap }}
{{- $data := dict "pipeline.yaml" $v.config }}
{{- range $path, $text := $v.files }}
{{- $_ := set $data ($path | replace "/" ".") $text }}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata: {{- include "stream-enricher.metadataOf" . | nindent 2 }}
data: {{- toYaml $data | nindent 2 }}
{{- end }}
{{- range $folder, $of := dict "kafka" $v.kafka.sasl "registry" $v.registry.auth }}
{{- if $of.username }}
---
apiVersion: v1
kind: Secret
metadata: {{- include "stream-enricher.metadataOf" (merge (dict "name" (printf "%s-%s" $.name $folder)) $) | nindent 2 }}
stringData:
  {{ $of.usernameKey | quote }}: {{ $of.username | quote }}
  {{- with $of.password }}
  {{ $of.passwordKey | quote }}: {{ . | quote }}
  {{- end }}
{{- end }}
{{- end }}
{{- end }}
