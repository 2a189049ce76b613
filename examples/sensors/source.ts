/** Readings of a hundred devices in turn; every now and then one of them is calibrated. */
import { pick } from '../random.ts'
import type { Sent, Source } from '../source.ts'

const DEVICES = 100
const CALIBRATED_ONE_IN = 20

/** Negative ones and large ones, too. Two have no row. */
const deviceId = (d: number): number => (d % 3 === 0 ? -d : d % 3 === 1 ? d : 5_000_000_000 + d)

function* devices(): Generator<Sent> {
  for (let d = 2; d < DEVICES; d++) {
    const id = deviceId(d)
    const location = { site: `site ${pick(1, d, 8)}`, latitude: d / 2, longitude: -d / 4 }
    const tags = pick(2, d, 2) === 0 ? {} : { floor: String(pick(3, d, 5)) }
    yield { key: id, value: { id, model: `T-${pick(4, d, 6)}`, location, tags } }
  }
}

export const source: Source = {
  dimensions: { device: devices },
  fact(i, at) {
    const id = deviceId(i % DEVICES)
    const temperature = { name: 'temperature', value: pick(5, i, 400) / 10, unit: 'CELSIUS' }
    const humidity = { name: 'humidity', value: pick(6, i, 100), unit: 'PERCENT' }
    const value = {
      device_id: id,
      measured_at: at * 1000 + pick(7, i, 1000),
      channels: pick(8, i, 4) === 0 ? [temperature] : [temperature, humidity],
      battery: [null, 0.5, 0.75][pick(9, i, 3)],
      status: [null, { int: pick(10, i, 9) }, { string: 'ok' }][pick(11, i, 3)],
      checksum: String(1000 + pick(12, i, 9000)),
    }
    return { key: id, value }
  },
  rights(i, at) {
    if (pick(13, i, CALIBRATED_ONE_IN) !== 0) return []
    const device = deviceId(i % DEVICES)
    const value = {
      device,
      offset: pick(14, i, 20) / 10 - 1,
      factor: 1 + pick(15, i, 10) / 100,
      unit: ['KELVIN', 'CELSIUS'][pick(16, i, 2)],
      technician: [null, 'Kim', 'Sam'][pick(17, i, 3)],
    }
    return [{ key: device, value, at: at + pick(18, i, 500) }]
  },
}
