/** The two forms of `/metrics`: Prometheus's text, and OpenMetrics for those who ask for it, as Prometheus does. */

export interface Exposition {
  readonly contentType: string
  /** Makes it of what prom-client writes. */
  form(text: string): string
}

const TEXT: Exposition = {
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  form: (text) => text,
}

const OPEN_METRICS: Exposition = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  form: openMetrics,
}

/** @param accept the request's header; OpenMetrics where it is named at all */
export function expositionFor(accept = ''): Exposition {
  return /\bapplication\/openmetrics-text\b/i.test(accept) ? OPEN_METRICS : TEXT
}

/**
 * A counter's family has no `_total`, which is of its sample; bounds are floats; there are no empty
 * lines but an end. prom-client's own way renames its counters, for the text form and OTLP as well.
 */
function openMetrics(text: string): string {
  const families = text
    .replaceAll(/^(# (?:HELP|TYPE) \S+)_total /gm, '$1 ')
    .replaceAll(/\ble="(\d+)"/g, 'le="$1.0"')
    .replaceAll('\n\n', '\n')
  return `${families}# EOF\n`
}
