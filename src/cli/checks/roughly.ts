import { durationText } from '../../config/text.ts'

const DAY = 86_400_000
const HOUR = 3_600_000
const MINUTE = 60_000

/** How long it is, whatever its sign, as far as people want to know: `3h`, `2h58m`, `12s`, `340ms`. */
export function roughly(ms: number): string {
  const size = Math.abs(ms)
  const finest =
    size >= 10 * DAY
      ? DAY
      : size >= DAY
        ? HOUR
        : size >= MINUTE * 10
          ? MINUTE
          : size >= 1000
            ? 1000
            : 1
  const whole = Math.round(size / finest) * finest
  const unit = [DAY, HOUR, MINUTE].find((one) => whole >= one) ?? whole
  const rest = unit === 0 ? 0 : whole % unit
  return rest === 0 ? durationText(whole) : `${durationText(whole - rest)}${durationText(rest)}`
}
