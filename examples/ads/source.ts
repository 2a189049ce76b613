/** Impressions, one in three of which is clicked, some of them more than once. */
import { delay, pick } from '../random.ts'
import type { Due, Sent, Source } from '../source.ts'

const CAMPAIGNS = 500
const PUBLISHERS = 200
/** Clicks come soon or never. */
const MEAN_DELAY_MS = 2000
const MAX_DELAY_MS = 8000

const impressionId = (i: number): string => `i${String(i).padStart(12, '0')}`
const domain = (p: number): string => `site-${p}.example`

function* campaigns(): Generator<Sent> {
  for (let id = 1; id <= CAMPAIGNS; id++) {
    const budget = {
      currency: ['EUR', 'USD'][pick(1, id, 2)],
      amount: 1000 * (1 + pick(2, id, 90)),
    }
    const value = {
      id,
      name: `Campaign ${id}`,
      advertiser: `Advertiser ${pick(3, id, 40)}`,
      budget,
    }
    yield { key: id, value }
  }
}

function* publishers(): Generator<Sent> {
  for (let p = 1; p <= PUBLISHERS; p++) {
    const category = [null, 'news', 'sports', 'games'][pick(4, p, 4)]
    yield {
      key: domain(p),
      value: { domain: domain(p), owner: `Owner ${pick(5, p, 50)}`, category },
    }
  }
}

export const source: Source = {
  dimensions: { campaign: campaigns, publisher: publishers },
  fact(i, at) {
    const value = {
      impression_id: impressionId(i),
      // One campaign in a hundred, and one publisher in fifty, has no row.
      campaign_id: 1 + pick(6, i, CAMPAIGNS + CAMPAIGNS / 100),
      publisher: domain(1 + pick(7, i, PUBLISHERS + PUBLISHERS / 50)),
      shown_at: at,
      price_micros: 100 + pick(8, i, 5000),
      device: {
        kind: ['PHONE', 'TABLET', 'DESKTOP'][pick(9, i, 3)],
        os: [null, 'android', 'ios', 'linux'][pick(10, i, 4)],
      },
      segments: ['sports', 'travel', 'music'].slice(0, pick(11, i, 4)),
      labels: pick(12, i, 2) === 0 ? {} : { slot: ['top', 'side'][pick(13, i, 2)] },
    }
    return { key: impressionId(i), value }
  },
  rights(i, at) {
    const clicks = pick(14, i, 3) === 0 ? 1 + (pick(15, i, 10) === 0 ? 1 : 0) : 0
    return Array.from({ length: clicks }, (_, n): Due => {
      const clickedAt = at + delay(16 + n, i, MEAN_DELAY_MS, MAX_DELAY_MS)
      const value = {
        impression: impressionId(i),
        clicked_at: clickedAt,
        position: { x: pick(18, i + n, 300), y: pick(19, i + n, 250) },
        referrer: pick(20, i, 2) === 0 ? null : `https://${domain(1)}/`,
      }
      return { key: impressionId(i), value, at: clickedAt }
    })
  },
}
