/** Trips from stations of a city, and the fares and the weather in its zones. */
import { pick } from '../random.ts'
import type { Due, Sent, Source } from '../source.ts'

const STATIONS = 300
const ZONES = 20
/** One observation for so many trips. */
const TRIPS = 20

const zoneName = (z: number): string => `zone-${z}`

function* stations(): Generator<Sent> {
  for (let id = 1; id <= STATIONS; id++) {
    // One station in thirty is in no zone.
    const zone = id % 30 === 0 ? null : zoneName(pick(1, id, ZONES))
    yield { key: id, value: { id, name: `Station ${id}`, zone, docks: 10 + pick(2, id, 30) } }
  }
}

/** Two of each zone, the second of which holds since 2025. */
function* fares(): Generator<Sent> {
  for (const year of [2024, 2025]) {
    for (let z = 0; z < ZONES; z++) {
      const zone = zoneName(z)
      const value = { zone, valid_from: Date.UTC(year, 0), cents: year - 2000 + pick(7, z, 20) }
      yield { key: zone, value }
    }
  }
}

export const source: Source = {
  dimensions: { station: stations, fare: fares },
  fact(i, at) {
    const tripId = `t${String(i).padStart(12, '0')}`
    // One station in fifty has no row.
    const stationId = 1 + pick(3, i, STATIONS + STATIONS / 50)
    const value = {
      trip_id: tripId,
      bike_id: 1 + pick(4, i, 5000),
      station_id: stationId,
      started_at: at,
    }
    return { key: tripId, value }
  },
  rights(i, at) {
    if (i % TRIPS !== 0) return []
    const zone = zoneName((i / TRIPS) % ZONES)
    const celsius = pick(5, i, 60) / 2
    const value = { zone, observed_at: at, celsius, is_raining: pick(6, i, 4) === 0 }
    const observation: Due = { key: zone, value, at }
    return [observation]
  },
}
