/** What happens to the alerts where a pipeline has no join, or has none any more. */
import type { Scenario } from './alert-scenarios.ts'

const OF = 'job="e", instance="i"'
/** The end of a series that is exported no more. */
const GONE = 'stale _x1440'

/** A day with a join, and another without one: its series end, and the facts go on. */
const takenOut: readonly (readonly [string, Scenario])[] = [
  'StreamEnricherAllRejected',
  'StreamEnricherNothingMatches',
  'StreamEnricherMatchRatioLow',
  'StreamEnricherLateRecords',
  'StreamEnricherRestoreStuck',
].map((alert) => [
  `a pipeline whose join was taken out (${alert})`,
  {
    alert,
    interval: '1m',
    series: {
      [`enricher_records_consumed_total{${OF}, topic="orders"}`]: '0+6000x1440 0+6000x1440',
      [`enricher_records_late_total{${OF}, topic="orders"}`]: `0+10x1440 ${GONE}`,
      [`enricher_window_probes_total{${OF}, side="left", result="miss"}`]: `0+6000x1440 ${GONE}`,
      [`enricher_match_delay_seconds_count{${OF}, first="left"}`]: `0+5000x1440 ${GONE}`,
      [`enricher_degraded{${OF}, reason="unmatched"}`]: `0x1440 ${GONE}`,
      [`enricher_restore_records_remaining{${OF}, store="window", partition="0"}`]: `0x1440 ${GONE}`,
    },
    at: Object.fromEntries([23, 25, 30, 40, 47].map((h) => [`${h}h`, []])),
  },
])

export const withoutJoin: Readonly<Record<string, Scenario>> = {
  ...Object.fromEntries(takenOut),
  'a pipeline without a join of which all records are rejected': {
    alert: 'StreamEnricherAllRejected',
    interval: '1m',
    series: {
      [`enricher_records_consumed_total{${OF}, topic="orders"}`]: '0+6000x90',
      [`enricher_rejects_total{${OF}, topic="orders", stage="decode", reason="malformed"}`]:
        '0+6000x30 180000x60',
    },
    at: { '4m': [], '15m': ['{job="e", topic="orders"}'], '60m': [] },
  },
}
