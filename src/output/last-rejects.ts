import type { RejectReason, Stage } from '../batch.ts'

/** Where a reject came from, and why; its bytes are in the rejects topic. */
export interface RejectNote {
  readonly topic: string
  readonly partition: number
  /** -1: a joined record, which has none. */
  readonly offset: number
  readonly stage: Stage
  readonly reason: RejectReason
  readonly error: string
}

const MOST = 50

/** The last rejects of this instance, for people who look. Also those whose epoch is aborted later, and comes again. */
export class LastRejects {
  readonly #notes: (RejectNote & { readonly at: number })[] = []
  #next = 0

  add({ topic, partition, offset, stage, reason, error }: RejectNote): void {
    const note = { at: Date.now(), topic, partition, offset, stage, reason, error }
    this.#notes[this.#next] = note
    this.#next = (this.#next + 1) % MOST
  }

  /** Newest first; `at` is wall clock, in ms. */
  list(): readonly (RejectNote & { readonly at: number })[] {
    return [...this.#notes.slice(this.#next), ...this.#notes.slice(0, this.#next)].reverse()
  }
}
