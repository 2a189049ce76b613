/** What has to come out, record by record, with the inequalities of docs/joins.md. */
import type { Flight, Flights, Weather } from './data.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** As in pipeline.yaml. */
const BEFORE_MS = 59 * MINUTE_MS
/** Cancelled flights are written so long after they should have left. */
const WRITTEN_OFF_MS = 4 * HOUR_MS

/** When it is written: a flight that has left, then; a cancelled one once it is written off. */
export const writtenAt = ({ scheduled, dep_delay }: Flight): number =>
  scheduled + (dep_delay === null ? WRITTEN_OFF_MS : dep_delay * MINUTE_MS)

/** In the order in which they are written. */
export const flightsOf = ({ flights }: Flights, origin: string): Flight[] =>
  flights
    .filter((flight) => flight.origin === origin)
    .sort((a, b) => writtenAt(a) - writtenAt(b) || a.id - b.id)

export const weatherOf = ({ weather }: Flights, origin: string): Weather[] =>
  weather.filter((reading) => reading.origin === origin).sort((a, b) => a.hour - b.hour)

export interface Join {
  /** By flight: the reading that it comes out with. */
  readonly readings: Map<number, Weather>
  late: number
  /** Those that came when they had closed, and found a reading. */
  closed: number
}

/** Of one origin, which is one partition. At most one reading is in a flight's window: that of its hour. */
export function join(
  flights: readonly Flight[],
  weather: readonly Weather[],
  graceMs: number,
): Join {
  const result: Join = { readings: new Map(), late: 0, closed: 0 }
  const readings = new Map<number, Weather>()
  const waiting = new Map<number, Flight[]>()
  const heldMs = BEFORE_MS + graceMs
  let streamTime = Number.NEGATIVE_INFINITY
  const takeFlight = (flight: Flight): void => {
    const { id, scheduled } = flight
    if (streamTime > scheduled + heldMs) {
      result.late++
      return
    }
    const hour = Math.floor(scheduled / HOUR_MS) * HOUR_MS
    const reading = readings.get(hour)
    const hasClosed = streamTime > scheduled + graceMs
    if (reading !== undefined && streamTime <= hour + heldMs) {
      result.readings.set(id, reading)
      if (hasClosed) result.closed++
    } else if (!hasClosed) waiting.set(hour, [...(waiting.get(hour) ?? []), flight])
    streamTime = Math.max(streamTime, scheduled)
  }
  const takeReading = (reading: Weather): void => {
    const { hour } = reading
    if (streamTime > hour + heldMs) throw new Error('No reading is late: none is behind a flight')
    readings.set(hour, reading)
    for (const { id, scheduled } of waiting.get(hour) ?? []) {
      if (streamTime <= scheduled + graceMs) result.readings.set(id, reading)
    }
    streamTime = Math.max(streamTime, hour)
  }
  let i = 0
  let j = 0
  // The head with the smaller event time first; a flight where both are the same.
  while (i < flights.length || j < weather.length) {
    const isFlight =
      i < flights.length && !(j < weather.length && weather[j].hour < flights[i].scheduled)
    if (isFlight) takeFlight(flights[i++])
    else takeReading(weather[j++])
  }
  return result
}

/** The output's fields, in their order. */
export function rowOf(
  { planes, airlines, airports }: Flights,
  flight: Flight,
  reading?: Weather,
): object {
  const plane = flight.tailnum === null ? undefined : planes.get(flight.tailnum)
  return {
    ...flight,
    plane_year: plane?.year ?? null,
    manufacturer: plane?.manufacturer ?? null,
    seats: plane?.seats ?? null,
    airline: airlines.get(flight.carrier)!.name,
    destination: airports.get(flight.dest)?.name ?? null,
    hour: reading?.hour ?? null,
    temperature: reading?.temperature ?? null,
    wind_speed: reading?.wind_speed ?? null,
    visibility: reading?.visibility ?? null,
  }
}
