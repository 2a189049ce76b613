import type { DimensionPorts } from './ports.ts'
import type { ReadProgress } from './read-progress.ts'

/** An open transaction is worth a line once a start has waited for it for so long; then again and again. */
const WAITED_MS = 5000
const REMIND_MS = 30_000

/** Tells of a start that waits for a transaction: it stands still, and looks like one that hangs. */
export class TransactionNotice {
  readonly #ports: Pick<DimensionPorts, 'config' | 'log'>
  #reminded = Number.NEGATIVE_INFINITY

  constructor(ports: Pick<DimensionPorts, 'config' | 'log'>) {
    this.#ports = ports
  }

  look({ waitsFor: open }: ReadProgress): void {
    const now = performance.now()
    if (open === undefined || open.ms < WAITED_MS || now - this.#reminded < REMIND_MS) return
    this.#reminded = now
    const { config, log } = this.#ports
    const { name: dimension, topic } = config
    log.event('dimension_waits_for_transaction', { dimension, topic, ...open })
  }
}
