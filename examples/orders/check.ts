/** Compares what came out with what must come out, record by record and byte by byte. */
import avsc from 'avsc'
import { comesOutAlone, type JoinKind } from '../../src/config/join-kind.ts'
import * as data from './data.ts'

const FRAME = 5

export interface Result {
  readonly missing: number
  readonly duplicated: number
  readonly wrong: number
  /** The first wrong records, decoded where they can be. */
  readonly examples: readonly { key: string; got: unknown; expected: object }[]
}

export class Check {
  readonly #type: avsc.Type
  readonly #kind: JoinKind
  readonly #orderedAt: (i: number) => number
  readonly #isSent: (i: number) => boolean
  readonly #times: Uint8Array
  readonly #examples: { key: string; got: unknown; expected: object }[] = []
  #wrong = 0
  seen = 0

  /** @param count orders 0 to count - 1 were sent, with their payments, but for those that `isSent` says were not */
  constructor(
    outputSchema: string,
    count: number,
    kind: JoinKind,
    orderedAt: (i: number) => number,
    isSent: (i: number) => boolean = () => true,
  ) {
    this.#type = avsc.Type.forSchema(JSON.parse(outputSchema))
    this.#kind = kind
    this.#orderedAt = orderedAt
    this.#isSent = isSent
    this.#times = new Uint8Array(count)
  }

  /** How many records must come out. */
  get wanted(): number {
    let wanted = 0
    for (let i = 0; i < this.#times.length; i++) if (this.#comesOut(i)) wanted++
    return wanted
  }

  add(key: Buffer | null, value: Buffer | null): void {
    this.seen++
    const i = data.indexOf(String(key))
    if (!(i < this.#times.length)) {
      this.#fault(String(key), value, {})
      return
    }
    this.#times[i]++
    const expected = data.enriched(i, this.#orderedAt(i), data.isPaid(i), this.#isSent(i))
    if (!value?.subarray(FRAME).equals(this.#type.toBuffer(expected))) {
      this.#fault(String(key), value, expected)
    }
  }

  decode(value: Buffer): object {
    return this.#type.fromBuffer(value.subarray(FRAME))
  }

  result(): Result {
    let missing = 0
    let duplicated = 0
    for (const [i, times] of this.#times.entries()) {
      if (times === 0 && this.#comesOut(i)) missing++
      if (times > 1) duplicated += times - 1
    }
    return { missing, duplicated, wrong: this.#wrong, examples: this.#examples }
  }

  #comesOut(i: number): boolean {
    const [sent, paid] = [this.#isSent(i), data.isPaid(i)]
    if (sent && paid) return true
    return (
      (sent && comesOutAlone(this.#kind, 'left')) || (paid && comesOutAlone(this.#kind, 'right'))
    )
  }

  #fault(key: string, value: Buffer | null, expected: object): void {
    this.#wrong++
    if (this.#examples.length === 3) return
    let got: unknown
    try {
      got = value && this.decode(value)
    } catch (error) {
      got = `${error} in ${value?.toString('hex')}`
    }
    this.#examples.push({ key, got, expected })
  }
}
