{{/*
A pod that works on the pipeline file: an instance, or a job, which has the same settings, files and rights, and a state folder that goes
with it. Takes the root, the component, the command's arguments, and the name that the chart's own ConfigMap and secrets begin with.
*/}}
{{- define "stream-enricher.pod" -}}
{{- $v := .root.Values }}
{{- $pipeline := include "stream-enricher.pipeline" .root | fromJson }}
{{- $files := include "stream-enricher.secretFiles" . | fromJson }}
{{- $isInstance := eq .component "enricher" -}}
metadata:
  labels:
    {{- include "stream-enricher.releaseLabels" .root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
    {{- with merge dict $v.podLabels $v.commonLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: enricher
    {{- if not $v.existingConfigMap }}
    checksum/config: {{ list $v.config $v.files | toJson | sha256sum }}
    {{- end }}
    checksum/secrets: {{ include "stream-enricher.secretsSum" (dict "root" .root "files" $files) }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  {{- if not $isInstance }}
  restartPolicy: Never
  {{- end }}
  # Nothing is done with it. The check comes before the one that the chart makes.
  serviceAccountName: {{ ternary "default" (include "stream-enricher.serviceAccountName" .root) (and (eq .component "check") $v.serviceAccount.create) | quote }}
  automountServiceAccountToken: false
  # Variables with every service's address are not for the pipeline file.
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
  securityContext: {{- toYaml $v.podSecurityContext | nindent 4 }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $v.dnsPolicy }}
  dnsPolicy: {{ . }}
  {{- end }}
  {{- range $key := list "imagePullSecrets" "nodeSelector" "affinity" "tolerations" "dnsConfig" "hostAliases" "initContainers" }}
  {{- with get $v $key }}
  {{ $key }}: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- end }}
  {{- if $isInstance }}
  topologySpreadConstraints:
    {{- if $v.topologySpreadConstraints }}
    {{- toYaml $v.topologySpreadConstraints | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "stream-enricher.selectorLabels" $.root | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- end }}
  containers:
    - name: enricher
      image: {{ include "stream-enricher.image" .root }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      args: {{- toYaml .args | nindent 8 }}
      env:
        - name: POD_NAME
          {{- if $isInstance }}
          valueFrom: { fieldRef: { fieldPath: metadata.name } }
          {{- else }}
          # The first instance's, for rights are given to its transactional id.
          value: {{ include "stream-enricher.fullname" .root }}-0
          {{- end }}
        {{- include "stream-enricher.env" .root | nindent 8 }}
      {{- with $v.extraEnvFrom }}
      envFrom: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if $isInstance }}
      ports:
        - { name: http, containerPort: {{ int $pipeline.port }} }
      {{- include "stream-enricher.probes" $v | nindent 6 }}
      {{- with $v.lifecycle }}
      lifecycle: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- else }}
      # Why it has failed, in the pod's status.
      terminationMessagePolicy: FallbackToLogsOnError
      {{- end }}
      resources: {{- toYaml $v.resources | nindent 8 }}
      securityContext: {{- toYaml $v.securityContext | nindent 8 }}
      volumeMounts:
        - { name: config, mountPath: /etc/stream-enricher, readOnly: true }
        - { name: state, mountPath: {{ $pipeline.dir | quote }} }
        - { name: tmp, mountPath: /tmp }
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    {{- if $isInstance }}
    {{- with $v.extraContainers }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
    {{- end }}
  volumes:
    # One volume for all: nothing can be mounted inside a mounted ConfigMap.
    - name: config
      projected:
        defaultMode: 288 # 0440
        sources:
          - configMap:
              name: {{ default .name $v.existingConfigMap | quote }}
              {{- if $v.files }}
              items:
                - { key: pipeline.yaml, path: pipeline.yaml }
                {{- range $path, $_ := $v.files }}
                - { key: {{ $path | replace "/" "." | quote }}, path: {{ $path | quote }} }
                {{- end }}
              {{- end }}
          {{- range $path, $from := $files }}
          - secret:
              name: {{ $from.secret | quote }}
              items: [{ key: {{ $from.key | quote }}, path: secrets/{{ $path }} }]
          {{- end }}
    - name: tmp
      emptyDir: { sizeLimit: 64Mi }
    {{- if not $v.persistence.enabled }}
    - name: state
      emptyDir: { sizeLimit: {{ $v.persistence.size }} }
    {{- else if not $isInstance }}
    - name: state
      ephemeral:
        volumeClaimTemplate:
          spec: {{- include "stream-enricher.claim" .root | nindent 12 }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end }}

{{/* What asks an instance how it is. Takes the values. */}}
{{- define "stream-enricher.probes" -}}
# 503 until all is read and restored. A start that stands still ends by itself, long before this is up.
startupProbe:
  httpGet: { path: /startupz, port: http }
  {{- toYaml .probes.startup | nindent 2 }}
  failureThreshold: {{ divf .startup.maxSeconds .probes.startup.periodSeconds | ceil }}
livenessProbe:
  httpGet: { path: /livez, port: http }
  {{- toYaml .probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: { path: /readyz, port: http }
  {{- toYaml .probes.readiness | nindent 2 }}
{{- end }}

{{/* The claim of a state folder. */}}
{{- define "stream-enricher.claim" -}}
{{- with .Values.persistence -}}
accessModes: {{- toYaml .accessModes | nindent 2 }}
{{- with .storageClass }}
storageClassName: {{ . | quote }}
{{- end }}
resources: { requests: { storage: {{ .size }} } }
{{- end }}
{{- end }}
