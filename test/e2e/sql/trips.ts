/** Trips, which are joined with the weather by the zone of their station, and have the fare of their time there. */
import { delay, pick } from '../../../examples/random.ts'
import { closing, START } from './closing.ts'
import { GRACE_MS, type Shape } from './world.ts'

const COUNT = 5000
const STATIONS = 60
const ZONES = 12
const BEFORE_MS = 30_000
const AFTER_MS = 10_000
const SPAN_MS = COUNT * 300

const zone = (i: number): string => `zone ${i}`

/** Some at stations that there are not. */
const trips = Array.from({ length: COUNT }, (_, i) => ({
  trip_id: `t${i}`,
  station_id: `s${pick(1, i, STATIONS + 3)}`,
  t: START + i * 300,
}))

/** Of all zones but the last; every 20 seconds or so, and some twice. */
const weather = Array.from({ length: ZONES - 1 }, (_, z) =>
  Array.from({ length: SPAN_MS / 20_000 }, (_, n) => ({
    zone: zone(z),
    temp: pick(2, 1000 * z + n, 400) / 10,
    t: START + n * 20_000 + delay(3, 1000 * z + n, 5000, 19_000),
  })),
).flat()

/** Each holds until the next one of its zone; the first of some begins late. */
const fares = Array.from({ length: ZONES }, (_, z) =>
  Array.from({ length: 25 }, (_, n) => ({
    zone: zone(z),
    fare: 100 + pick(4, 100 * z + n, 900),
    t: START + z * 7000 + n * 60_000 + pick(5, 100 * z + n, 59_000),
  })),
).flat()

export const TRIPS: Shape = {
  dimensions: [
    {
      name: 'stations',
      columns: { station_id: 'string', name: 'string', zone: 'string?' },
      partitions: 2,
      key: ({ station_id }) => String(station_id),
      rows: Array.from({ length: STATIONS }, (_, i) => ({
        station_id: `s${i}`,
        name: `Station ${i}`,
        zone: i % 13 === 12 ? null : zone(i % ZONES),
        t: START,
      })),
    },
  ],
  versions: [
    {
      name: 'fares',
      columns: { zone: 'string', fare: 'long' },
      partitions: 2,
      key: (row) => String(row.zone),
      rows: fares,
    },
  ],
  streams: [
    {
      name: 'trips',
      columns: { trip_id: 'string', station_id: 'string' },
      partitions: 3,
      key: ({ trip_id }) => String(trip_id),
      rows: [...trips, ...closing(3, (id, t) => ({ trip_id: id, station_id: 's0', t }))],
    },
    {
      name: 'weather',
      columns: { zone: 'string', temp: 'double' },
      partitions: 4,
      key: (row) => String(row.zone),
      rows: [...weather, ...closing(4, (id, t) => ({ zone: id, temp: 0, t }))],
    },
  ],
  yaml: `
facts: { topic: "\${TAG}.trips", schema: ./trips.avsc, select: [trip_id] }
dimensions:
  station: { topic: "\${TAG}.stations", schema: ./stations.avsc, on: station_id, select: [name] }
  fare: { topic: "\${TAG}.fares", schema: ./fares.avsc, on: station.zone, asOf: event-time, select: [fare] }
join:
  topic: \${TAG}.weather
  schema: ./weather.avsc
  on: { left: station.zone, right: zone }
  repartition: facts
  within: { before: ${BEFORE_MS}ms, after: ${AFTER_MS}ms }
  grace: ${GRACE_MS}ms
  kind: left
  idle: 10m
output: { topic: "\${TAG}.out", schemaId: 1, where: '!trip_id.startsWith("end-")' }
`,
  sql: `
SELECT trips.trip_id, s.name,
  (SELECT fare FROM fares f WHERE f.zone = s.zone AND f.t <= trips.t ORDER BY f.t DESC LIMIT 1),
  w.zone, w.temp
FROM trips
LEFT JOIN stations s ON s.station_id = trips.station_id
LEFT JOIN weather w
  ON w.zone = s.zone AND w.t BETWEEN trips.t - ${BEFORE_MS} AND trips.t + ${AFTER_MS}
WHERE trips.trip_id NOT LIKE 'end-%'
`,
}
