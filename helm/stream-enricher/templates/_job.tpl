{{/*
A job on the pipeline file. A hook has one name, and its log is shown by Helm; what stays in the release is named by all that it is, for Kubernetes
does not change a job. Takes what a pod takes, with the command's further arguments, and when Helm runs it, if it does.
*/}}
{{- define "stream-enricher.job" -}}
{{- $args := concat (list .component "/etc/stream-enricher/pipeline.yaml") .args }}
{{- $pod := include "stream-enricher.pod" (merge (dict "args" $args) .) }}
{{- $name := printf "%s-%s" (include "stream-enricher.fullname" .root) .component }}
{{- $annotations := dict }}
{{- if .hook }}
{{- $annotations = dict "helm.sh/hook" .hook "helm.sh/hook-delete-policy" "before-hook-creation,hook-succeeded" "helm.sh/hook-output-log-policy" "hook-succeeded,hook-failed" }}
{{- else }}
{{- $name = printf "%s-%s" (trunc 55 $name) (sha256sum $pod | trunc 7) }}
{{- end -}}
---
apiVersion: batch/v1
kind: Job
metadata: {{- include "stream-enricher.metadataOf" (dict "root" .root "name" $name "annotations" $annotations) | nindent 2 }}
spec:
  # What the command has refused once, it refuses again. A pod that had to leave its node has refused nothing.
  backoffLimit: 0
  podFailurePolicy:
    rules: [{ action: Ignore, onPodConditions: [{ type: DisruptionTarget, status: "True" }] }]
  template: {{- $pod | nindent 4 }}
{{ end }}
