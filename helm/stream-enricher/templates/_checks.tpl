{{/* Values that contradict one another, or the pipeline file, end the render with a sentence. */}}
{{- define "stream-enricher.checks" -}}
{{- $v := .Values }}
{{- $name := include "stream-enricher.fullname" . }}
{{- if not (regexMatch `^[a-z][-a-z0-9]*$` $name) }}
{{- fail (printf "The objects would be called %s, and a service's name begins with a letter and has no dots: set fullnameOverride" $name) }}
{{- end }}
{{- if and $v.existingConfigMap (or $v.config $v.files) }}
{{- fail "existingConfigMap is in place of config and files: set it, or them" }}
{{- end }}
{{- if not (or $v.existingConfigMap $v.config) }}
{{- fail "There is no pipeline file: give its text, --set-file config=pipeline.yaml, or the existingConfigMap that has it" }}
{{- end }}
{{- if hasKey $v.files "pipeline.yaml" }}
{{- fail "files has pipeline.yaml, which is the text in config" }}
{{- end }}
{{- include "stream-enricher.checkSecret" (dict "root" . "name" "kafka" "at" "kafka.sasl" "values" $v.kafka.sasl) }}
{{- include "stream-enricher.checkSecret" (dict "root" . "name" "registry" "at" "registry.auth" "values" $v.registry.auth) }}
{{- include "stream-enricher.checkRead" (dict "root" . "at" "http.token" "file" "http/token") }}
{{- if and $v.kafka.tls.existingClientSecret (or (has "tls.crt" $v.kafka.tls.keys) (has "tls.key" $v.kafka.tls.keys)) }}
{{- fail "kafka.tls.existingClientSecret has the client certificate: name only ca.crt in kafka.tls.keys" }}
{{- end }}
{{- if not $v.existingConfigMap }}
{{- include "stream-enricher.checkPipeline" . }}
{{- end }}
{{- if $v.networkPolicy.enabled }}
{{- include "stream-enricher.checkNetwork" . }}
{{- end }}
{{- include "stream-enricher.checkAutoscaling" . }}
{{- if and $v.ingress.enabled (not $v.ingress.host) }}
{{- fail "ingress needs a host of its own: set ingress.host" }}
{{- end }}
{{- if and $v.ingress.enabled $v.networkPolicy.enabled (not $v.networkPolicy.extraIngress) }}
{{- fail "networkPolicy would not let the ingress controller in: add where it runs to networkPolicy.extraIngress" }}
{{- end }}
{{- if and $v.jobs.reset.enabled (include "stream-enricher.hasInstances" .) }}
{{- fail "jobs.reset needs all instances stopped: set replicaCount to 0, without an autoscaler, and wait until kafka.sessionTimeout has passed" }}
{{- end }}
{{- if and $v.jobs.replay.enabled (not (regexMatch `(^|\n)--output` (join "\n" $v.jobs.replay.args))) }}
{{- fail "jobs.replay has to be told where to write: set its args, such as [--output, TOPIC]" }}
{{- end }}
{{- if and $v.metrics.podMonitor.enabled $v.metrics.serviceMonitor.enabled }}
{{- fail "metrics.podMonitor and metrics.serviceMonitor would scrape every pod twice: enable one of them" }}
{{- end }}
{{- end }}

{{/* A user and password are given in one way, and are read by the pipeline file. */}}
{{- define "stream-enricher.checkSecret" -}}
{{- if and .values.existingSecret .values.password }}
{{- fail (printf "%s.existingSecret already has the password: do not set %s.password as well" .at .at) }}
{{- end }}
{{- if and (not .values.existingSecret) (or .values.username .values.password) (not (and .values.username .values.password)) }}
{{- fail (printf "%s needs both username and password" .at) }}
{{- end }}
{{- include "stream-enricher.checkRead" (dict "root" .root "at" .at "file" (printf "%s/password" .name)) }}
{{- $username := printf "${file:/etc/stream-enricher/secrets/%s/username}" .name }}
{{- if and .values.existingSecret .values.username .root.Values.config (not (contains $username .root.Values.config)) }}
{{- fail (printf "The value %s.username is not used: in config, write `username: %s`, or leave the value out" .at $username) }}
{{- end }}
{{- end }}

{{/* A file from a secret is read by the pipeline file where it is there, and there where it is read. Takes the root, the values' path and the file's below `secrets/`. */}}
{{- define "stream-enricher.checkRead" -}}
{{- $path := printf "/etc/stream-enricher/secrets/%s" .file }}
{{- $reads := contains (printf "${file:%s}" $path) .root.Values.config }}
{{- $isThere := hasKey (include "stream-enricher.secretFiles" (dict "root" .root "name" "") | fromJson) .file }}
{{- if and $isThere .root.Values.config (not $reads) }}
{{- fail (printf "%s gives a secret that config does not read: its %s is ${file:%s}" .at (base .file) $path) }}
{{- end }}
{{- if and $reads (not $isThere) }}
{{- fail (printf "config reads %s, which %s has to give: set %s.existingSecret" $path .at .at) }}
{{- end }}
{{- end }}

{{/* The pipeline file fits what the chart gives the container. */}}
{{- define "stream-enricher.checkPipeline" -}}
{{- $v := .Values }}
{{- $pipeline := include "stream-enricher.pipeline" . | fromJson }}
{{- if not $pipeline.brokers }}
{{- fail "config has no kafka.brokers: write `brokers: ${KAFKA_BROKERS}` and set the value kafka.brokers" }}
{{- end }}
{{- if and (contains "${KAFKA_BROKERS" $pipeline.brokers) (not $v.extraEnvFrom) (not (contains "KAFKA_BROKERS" (toJson $v.extraEnv))) }}
{{- fail "There are no brokers: config takes them from KAFKA_BROKERS, so set the value kafka.brokers" }}
{{- end }}
{{- if and $v.kafka.brokers (not (contains "${KAFKA_BROKERS" $v.config)) }}
{{- fail "The value kafka.brokers is not used: in config, write `brokers: ${KAFKA_BROKERS}`, or leave the value out" }}
{{- end }}
{{- if and $v.registry.url (not (contains "${SCHEMA_REGISTRY_URL" $v.config)) }}
{{- fail "The value registry.url is not used: in config, write `url: ${SCHEMA_REGISTRY_URL}`, or leave the value out" }}
{{- end }}
{{- if not (contains "${POD_NAME" (toString $pipeline.instanceId)) }}
{{- fail "config has to give each pod its own identity: write `instanceId: ${POD_NAME}` under kafka" }}
{{- end }}
{{- if and $pipeline.advertise (not (contains "$" $pipeline.advertise)) }}
{{- fail (printf "config has http.advertise %s, one address for all pods: leave it out, and each pod has its own" $pipeline.advertise) }}
{{- end }}
{{- $tls := ternary $pipeline.tls dict (kindIs "map" $pipeline.tls) }}
{{- $registryTls := default dict $pipeline.registry.tls }}
{{- range $path, $value := dict "kafka.sasl.password" $pipeline.sasl.password "kafka.sasl.clientSecret" $pipeline.sasl.clientSecret "registry.password" $pipeline.registry.password "http.token" $pipeline.token "http.readToken" (ternary "" $pipeline.readToken (eq (toString $pipeline.readToken) "off")) "kafka.tls.key" $tls.key "kafka.tls.passphrase" $tls.passphrase "registry.tls.key" $registryTls.key "registry.tls.passphrase" $registryTls.passphrase }}
{{- if and $value (not (contains "${" (toString $value))) }}
{{- fail (printf "config has %s in plain, and a ConfigMap is no place for it: put it into a secret and write ${file:…}" $path) }}
{{- end }}
{{- end }}
{{- if and $v.kafka.tls.existingSecret (not (contains "${file:/etc/stream-enricher/secrets/kafka-tls/" $v.config)) }}
{{- fail "kafka.tls.existingSecret gives a secret that config does not read: in its kafka.tls, write `ca: ${file:/etc/stream-enricher/secrets/kafka-tls/ca.crt}`" }}
{{- end }}
{{- if and $v.kafka.tls.existingClientSecret (not (contains "${file:/etc/stream-enricher/secrets/kafka-tls/tls.key}" $v.config)) }}
{{- fail "kafka.tls.existingClientSecret gives a secret that config does not read: in its kafka.tls, write `cert: ${file:/etc/stream-enricher/secrets/kafka-tls/tls.crt}` and `key: ${file:/etc/stream-enricher/secrets/kafka-tls/tls.key}`" }}
{{- end }}
{{- $files := include "stream-enricher.secretFiles" (dict "root" . "name" "") | fromJson }}
{{- range list "ca.crt" "tls.crt" "tls.key" }}
{{- $path := printf "/etc/stream-enricher/secrets/kafka-tls/%s" . }}
{{- if and (contains (printf "${file:%s}" $path) $v.config) (not (hasKey $files (printf "kafka-tls/%s" .))) }}
{{- fail (printf "config reads %s: set kafka.tls.existingSecret to the secret that has it, and name %s in kafka.tls.keys" $path .) }}
{{- end }}
{{- end }}
{{- if has $pipeline.host (list "localhost" "127.0.0.1" "::1") }}
{{- fail (printf "config has http.host %s, where only the pod itself reaches it: leave it out, for probes and the other pods ask from outside" $pipeline.host) }}
{{- end }}
{{- if lt (int $pipeline.port) 1024 }}
{{- fail (printf "config has http.port %v: write a number from 1024, for probes and services need it and the container is not root" $pipeline.port) }}
{{- end }}
{{- if contains "${" $pipeline.dir }}
{{- fail (printf "config has state.dir %s: write the path itself, for a volume is mounted there" $pipeline.dir) }}
{{- end }}
{{- end }}

{{/* The network policy lets out to the brokers and the registry that file and values name. */}}
{{- define "stream-enricher.checkNetwork" -}}
{{- $v := .Values }}
{{- $pipeline := include "stream-enricher.pipeline" . | fromJson }}
{{- range splitList "," (list $pipeline.brokers $v.kafka.brokers | compact | join ",") | uniq }}
{{- $port := regexFind `\d+$` . }}
{{- if and $port (not (has $port (toStrings $v.networkPolicy.kafka.ports))) }}
{{- fail (printf "networkPolicy.kafka.ports would not let the pods reach the broker %s: add %s" (trim .) $port) }}
{{- end }}
{{- end }}
{{- range list $pipeline.registry.url $v.registry.url | compact | uniq }}
{{- if not (contains "${" .) }}
{{- $url := urlParse . }}
{{- $port := default (ternary "443" "80" (eq $url.scheme "https")) (regexFind `:\d+$` $url.host | trimPrefix ":") }}
{{- if not (has $port (toStrings $v.networkPolicy.registry.ports)) }}
{{- fail (printf "networkPolicy.registry.ports would not let the pods reach the registry %s: add %s" (urlJoin (unset $url "userinfo")) $port) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "stream-enricher.checkAutoscaling" -}}
{{- $v := .Values }}
{{- $scaling := $v.autoscaling }}
{{- if and $scaling.hpa.enabled $scaling.keda.enabled }}
{{- fail "autoscaling.hpa and autoscaling.keda would both set the replicas: enable one of them" }}
{{- end }}
{{- if or $scaling.hpa.enabled $scaling.keda.enabled }}
{{- if not $v.partitions }}
{{- fail "Autoscaling needs the value partitions, how many the facts' topic has: more instances than that stand idle" }}
{{- end }}
{{- if gt (int $scaling.maxReplicas) (int $v.partitions) }}
{{- fail (printf "autoscaling.maxReplicas is %v, but the facts have %v partitions: more instances than that stand idle" $scaling.maxReplicas $v.partitions) }}
{{- end }}
{{- if gt (int $scaling.minReplicas) (int $scaling.maxReplicas) }}
{{- fail "autoscaling.minReplicas is more than autoscaling.maxReplicas" }}
{{- end }}
{{- if le (int $scaling.lagPerReplica) (int $v.partitions) }}
{{- fail (printf "autoscaling.lagPerReplica is %v: commit markers alone are a lag of 1 in each of the %v partitions, so it has to be far more" $scaling.lagPerReplica $v.partitions) }}
{{- end }}
{{- end }}
{{- with $scaling.keda.activationLagThreshold }}
{{- if le (int .) (int $v.partitions) }}
{{- fail (printf "autoscaling.keda.activationLagThreshold is %v: commit markers alone are a lag of 1 in each of the %v partitions, so it has to be more" . $v.partitions) }}
{{- end }}
{{- end }}
{{- end }}
