import type { RejectReason } from './batch.ts'
import { LastRejects } from './output/last-rejects.ts'

/** What the tasks of an instance have counted since the start; the metrics read it. Plain numbers: the hot path adds to them. */
export class Counts {
  readonly consumed = [0, 0]
  readonly late = [0, 0]
  readonly probeHits = [0, 0]
  readonly probeMisses = [0, 0]
  readonly lookupHits: number[]
  readonly lookupMisses: number[]
  droppedMissing = 0
  unmatched = 0
  produced = 0
  /** `topic reason` → records. */
  readonly rejects = new Map<string, number>()
  readonly lastRejects = new LastRejects()

  constructor(dimensions: number) {
    this.lookupHits = new Array(dimensions).fill(0)
    this.lookupMisses = new Array(dimensions).fill(0)
  }

  probe(side: number, hit: boolean): void {
    if (hit) this.probeHits[side]++
    else this.probeMisses[side]++
  }

  reject(topic: string, reason: RejectReason): void {
    const key = `${topic} ${reason}`
    this.rejects.set(key, (this.rejects.get(key) ?? 0) + 1)
  }
}
