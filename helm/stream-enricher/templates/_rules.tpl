{{/* The groups of files/rules.yaml, as metrics.prometheusRule wants them. */}}
{{- define "stream-enricher.ruleGroups" -}}
{{- $wanted := .Values.metrics.prometheusRule }}
{{- $all := (.Files.Get "files/rules.yaml" | fromYaml).groups }}
{{- if not $all }}
{{- fail "metrics.prometheusRule is enabled, but the chart's files/rules.yaml is missing or has no groups: install a packaged chart, or a whole checkout" }}
{{- end }}
{{- $groups := list }}
{{- $unknown := $wanted.disabled }}
{{- range $group := $all }}
{{- $rules := list }}
{{- range $rule := $group.rules }}
{{- $unknown = without $unknown $rule.alert }}
{{- if not (has $rule.alert $wanted.disabled) }}
{{- $_ := set $rule "expr" (include "stream-enricher.ruleExpr" (list $rule $wanted)) }}
{{- if $wanted.runbookUrl }}
{{- $_ := set $rule.annotations "runbook_url" (replace "RUNBOOK.md" $wanted.runbookUrl $rule.annotations.runbook_url) }}
{{- else }}
{{- $_ := unset $rule.annotations "runbook_url" }}
{{- end }}
{{- $rules = append $rules $rule }}
{{- end }}
{{- end }}
{{- with $rules }}
{{- $groups = append $groups (dict "name" $group.name "rules" .) }}
{{- end }}
{{- end }}
{{- with $unknown }}
{{- fail (printf "metrics.prometheusRule.disabled names %s, which is no alert: their names are those of files/rules.yaml" (join ", " .)) }}
{{- end }}
{{- with $wanted.extraRules }}
{{- $groups = append $groups (dict "name" "stream-enricher-extra" "rules" .) }}
{{- end }}
{{- toYaml $groups }}
{{- end }}

{{/* A rule's query with the thresholds of the values; takes the rule and the values. */}}
{{- define "stream-enricher.ruleExpr" -}}
{{- $rule := index . 0 }}
{{- $wanted := index . 1 }}
{{- if eq $rule.alert "StreamEnricherLagHigh" }}
{{- replace "> 60" (printf "> %d" (int64 $wanted.lagSeconds)) $rule.expr }}
{{- else if eq $rule.alert "StreamEnricherLagGrowing" }}
{{- replace "> 300" (printf "> %d" (mul 5 $wanted.lagSeconds)) $rule.expr }}
{{- else if eq $rule.alert "StreamEnricherDimensionStale" }}
{{- $rhythms := $wanted.staleSecondsOf }}
{{- $others := list }}
{{- $queries := list }}
{{- range $name := keys $rhythms | sortAlpha }}
{{- $others = append $others (printf "dimension!=%q" $name) }}
{{- $queries = append $queries (include "stream-enricher.staleExpr" (list $rule.expr (printf "dimension=%q" $name) (get $rhythms $name))) }}
{{- end }}
{{- $queries = prepend $queries (include "stream-enricher.staleExpr" (list $rule.expr (join ", " $others) $wanted.staleSeconds)) }}
{{- join "\nor\n" $queries }}
{{- else }}
{{- $rule.expr }}
{{- end }}
{{- end }}

{{/* The query of stale dimensions for some of them; takes the query for all, a selector, and seconds. */}}
{{- define "stream-enricher.staleExpr" -}}
{{- $expr := replace "> 86400" (printf "> %d" (int64 (index . 2))) (index . 0) }}
{{- with index . 1 }}
{{- $expr = replace "timestamp_seconds" (printf "timestamp_seconds{%s}" .) $expr }}
{{- end }}
{{- $expr }}
{{- end }}
