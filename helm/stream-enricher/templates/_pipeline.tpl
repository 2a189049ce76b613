{{/*
What the chart has to know of the pipeline file, as JSON. `${VAR}` is replaced where the chart sets the variable, `${VAR:-default}`
by its default; what stays open keeps its `${`.
*/}}
{{- define "stream-enricher.pipeline" -}}
{{- $file := fromYaml .Values.config }}
{{- with $file.Error }}
{{- fail (printf "config is not YAML: %s. It is the pipeline file's text: --set-file config=pipeline.yaml" .) }}
{{- end }}
{{- $brokers := dig "kafka" "brokers" "" $file }}
{{- $known := dict
  "group" (dig "name" "" $file)
  "brokers" (ternary (join "," $brokers) $brokers (kindIs "slice" $brokers))
  "instanceId" (dig "kafka" "instanceId" "" $file)
  "sessionTimeout" (dig "kafka" "sessionTimeout" "10s" $file)
  "sasl" (dig "kafka" "sasl" dict $file)
  "tls" (dig "kafka" "tls" false $file)
  "registry" (dig "registry" dict $file)
  "topics" (list (dig "facts" "topic" "" $file) (dig "join" "topic" "" $file) | compact)
  "token" (dig "http" "token" "" $file)
  "readToken" (dig "http" "readToken" "" $file)
  "advertise" (dig "http" "advertise" "" $file)
  "host" (dig "http" "host" "" $file)
  "port" (dig "http" "port" 8080 $file)
  "dir" (dig "state" "dir" "/var/lib/stream-enricher" $file) }}
{{- $text := toJson $known }}
{{- range include "stream-enricher.env" . | fromYamlArray }}
{{- if .value }}
{{- $value := toString .value | toJson | trimPrefix "\"" | trimSuffix "\"" }}
{{- $text = regexReplaceAll (printf `\$\{%s(:[-?][^}]*)?\}` .name) $text (replace "$" "$$" $value) }}
{{- end }}
{{- end }}
{{- regexReplaceAll `\$\{[A-Za-z_][A-Za-z0-9_]*:-([^}]*)\}` $text "${1}" }}
{{- end }}
