/** The first months of the flights, keyed by themselves, and readings of the weather, keyed by themselves, too. */

import { closing } from '../e2e/sql/closing.ts'
import { PARTS, type Shape } from '../e2e/sql/world.ts'
import type { TimedRow } from '../support/sql-table.ts'
import { type Flights, readFlights } from './data.ts'
import { writtenAt } from './expected.ts'

const DAY_MS = 86_400_000
const FROM = Date.parse('2013-01-01T00:00Z')
const SPAN_MS = 40 * DAY_MS
/** Flights are written when they have left, up to a day later than they should have. */
const GRACE_MS = SPAN_MS / PARTS + 2 * DAY_MS
const HOUR_MS = 3_600_000

const within = ({ t }: { t: number }): boolean => t < FROM + SPAN_MS

const flightRows = ({ flights }: Flights): TimedRow[] =>
  flights
    .map((flight): TimedRow & { t: number } => ({
      flight_id: `f${flight.id}`,
      origin: flight.origin,
      carrier: flight.carrier,
      tailnum: flight.tailnum,
      dest: flight.dest,
      distance: flight.distance,
      dep_delay: flight.dep_delay,
      t: flight.scheduled,
      // Not before the wind of its time, also where it has left early.
      sent: Math.min(Math.max(writtenAt(flight), flight.scheduled), FROM + SPAN_MS - 1),
    }))
    .filter(within)

const weatherRows = ({ weather }: Flights) =>
  weather
    .map(({ origin, hour, temperature, wind_speed, visibility }) => ({
      reading_id: `${origin} ${new Date(hour).toISOString()}`,
      airport: origin,
      temperature,
      wind_speed,
      visibility,
      t: hour,
    }))
    .filter(within)

const keyed = (rows: ReadonlyMap<string, object>, key: string): TimedRow[] =>
  [...rows].map(([id, row]) => ({ ...row, [key]: id, t: FROM }))

/**
 * Facts that are joined by a column of the airport that they leave from with the readings of its hour, and have the wind of
 * their time as of then; with planes that nobody knows, conditions, and derived fields.
 */
export function flightsShape(): Shape {
  const data = readFlights()
  const weather = weatherRows(data)
  return {
    span: { from: FROM, ms: SPAN_MS },
    dimensions: [
      {
        name: 'planes',
        columns: { tailnum: 'string', year: 'long?', manufacturer: 'string', seats: 'long' },
        partitions: 3,
        key: ({ tailnum }) => String(tailnum),
        rows: keyed(data.planes, 'tailnum'),
      },
      {
        name: 'airlines',
        columns: { carrier: 'string', name: 'string' },
        partitions: 1,
        key: ({ carrier }) => String(carrier),
        rows: keyed(data.airlines, 'carrier'),
      },
      {
        name: 'airports',
        columns: { faa: 'string', name: 'string' },
        partitions: 2,
        key: ({ faa }) => String(faa),
        rows: keyed(data.airports, 'faa'),
      },
    ],
    versions: [
      {
        name: 'winds',
        columns: { airport: 'string', wind_speed: 'double?' },
        partitions: 2,
        key: ({ airport }) => String(airport),
        rows: weather.filter(({ t }) => t % (3 * HOUR_MS) === 0),
      },
    ],
    streams: [
      {
        name: 'flights',
        columns: {
          flight_id: 'string',
          origin: 'string',
          carrier: 'string',
          tailnum: 'string?',
          dest: 'string',
          distance: 'long',
          dep_delay: 'long?',
        },
        partitions: 4,
        key: (row) => String(row.flight_id),
        rows: [
          ...flightRows(data),
          ...closing(4, (id, t) => ({
            ...{ flight_id: id, origin: 'JFK', carrier: 'UA', tailnum: null, dest: 'end' },
            ...{ distance: 1000, dep_delay: null, t },
          })),
        ],
      },
      {
        name: 'weather',
        columns: {
          reading_id: 'string',
          airport: 'string',
          temperature: 'double?',
          visibility: 'double',
        },
        partitions: 3,
        key: (row) => String(row.reading_id),
        rows: [
          ...weather,
          ...closing(3, (id, t) => ({
            ...{ reading_id: id, airport: id, temperature: null, visibility: 0, wind_speed: null },
            t,
          })),
        ],
      },
    ],
    yaml: `
facts:
  topic: \${TAG}.flights
  schema: ./flights.avsc
  where: distance > 199
  fields: { is_late: "dep_delay != null && dep_delay > 15" }
  select: [flight_id, is_late]
dimensions:
  from: { topic: "\${TAG}.airports", schema: ./airports.avsc, on: origin, select: { from_name: name } }
  to: { topic: "\${TAG}.airports", schema: ./airports.avsc, on: dest, select: { to_name: name } }
  plane:
    topic: \${TAG}.planes
    schema: ./planes.avsc
    on: tailnum
    fields: { is_large: seats > 150 }
    select: [manufacturer, year, is_large]
  airline: { topic: "\${TAG}.airlines", schema: ./airlines.avsc, on: carrier, select: { airline: name }, missing: drop }
  wind: { topic: "\${TAG}.winds", schema: ./winds.avsc, on: from.faa, asOf: event-time, select: [wind_speed] }
join:
  topic: \${TAG}.weather
  schema: ./weather.avsc
  on: { left: from.faa, right: airport }
  repartition: both
  within: { before: 59m, after: 0s }
  grace: ${GRACE_MS}ms
  kind: left
  idle: 10m
  where: visibility < 10.0
  select: [temperature, visibility]
output:
  topic: \${TAG}.out
  schemaId: 1
  where: '!flight_id.startsWith("end-")'
  fields: { is_poor: "coalesce(visibility, 10.0) < 1.0" }
`,
    sql: `
SELECT f.flight_id, coalesce(f.dep_delay > 15, 0), a.name, b.name, p.manufacturer, p.year, p.seats > 150, l.name,
  (SELECT wind_speed FROM winds v WHERE v.airport = a.faa AND v.t <= f.t ORDER BY v.t DESC LIMIT 1),
  w.temperature, w.visibility, coalesce(w.visibility, 10) < 1
FROM flights f
JOIN airlines l ON l.carrier = f.carrier
LEFT JOIN airports a ON a.faa = f.origin
LEFT JOIN airports b ON b.faa = f.dest
LEFT JOIN planes p ON p.tailnum = f.tailnum
LEFT JOIN weather w ON w.airport = a.faa AND w.visibility < 10 AND w.t BETWEEN f.t - ${59 * 60_000} AND f.t
WHERE f.distance > 199 AND f.flight_id NOT LIKE 'end-%'
`,
  }
}
