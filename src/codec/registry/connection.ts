/** Requests to a registry, and what is done where it does not answer. */
import type { RegistryConfig } from '../../config/pipeline.ts'
import type { Log } from '../../events.ts'
import { doubling, type RetryPolicy, retry } from '../../retry/retry.ts'
import { isOptional } from './confluent/address.ts'
import { isOfAccess, unavailable } from './outage.ts'
import {
  type Answer,
  type Ask,
  type Call,
  isFinal,
  isNotThere,
  NOT_FOUND,
  NoRegistry,
  Refused,
  saysNo,
} from './request.ts'

const FIRST_WAIT_MS = 100
/** The longest wait for a registry that does not answer. */
const LONGEST_WAIT_MS = 5000
/** The longest wait for a node that is behind the others. */
const LONGEST_ASK_MS = 1000
/** What every registry answers of those that do not have all paths. */
const ALWAYS_THERE: Call = { path: '/schemas/types' }

export class RegistryConnection {
  readonly config: RegistryConfig
  readonly #log: Log
  readonly #ask: Ask
  readonly #closed = new AbortController()
  #patienceMs = Number.POSITIVE_INFINITY
  /** What was asked for, and answered, last. */
  #lastRead: Call | undefined
  #down = false
  /** How requests have ended. Refused: the registry's answer is no, a schema that is not there for instance. Failed: no answer, or not now. */
  readonly requests = { ok: 0, refused: 0, failed: 0 }

  constructor(config: RegistryConfig, log: Log, ask: Ask) {
    this.config = config
    this.#log = log
    this.#ask = ask
  }

  /** Whether the registry has not answered when it was asked last. */
  get isAway(): boolean {
    return this.#down
  }

  /** See `Registry.withPatience`. */
  async withPatience<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    this.#patienceMs = milliseconds
    try {
      return await work()
    } finally {
      this.#patienceMs = Number.POSITIVE_INFINITY
    }
  }

  /**
   * A schema, by the first of these calls that the registry has; undefined where there is none.
   * @param patienceMs so long one that is not there is asked for again: a node may be behind the others
   */
  async schema(calls: readonly Call[], patienceMs: number): Promise<Answer | undefined> {
    const policy = {
      wait: doubling(FIRST_WAIT_MS, LONGEST_ASK_MS),
      isCurable: isNotThere,
      deadline: performance.now() + patienceMs,
    }
    const { signal } = this.#closed
    return retry(() => this.#schemaAt(calls), policy, signal).catch((error) => {
      if (!isNotThere(error)) throw error
      // The schema might have been there at the next attempt.
      if (signal.aborted) throw unavailable(this.config, error)
      return undefined
    })
  }

  /** Whatever still waits ends with REGISTRY_UNAVAILABLE. */
  close(): void {
    this.#closed.abort()
  }

  /** The answer; undefined: not found. */
  async get(call: Call): Promise<Answer | undefined> {
    try {
      return await (call.body === undefined ? this.#read(call) : this.request(call))
    } catch (error) {
      if (isNotThere(error)) return undefined
      throw error
    }
  }

  /** Asks, and waits out an outage. Throws `Refused` where the registry answers with a refusal that is a verdict. */
  async request(call: Call, isVerdict = saysNo): Promise<Answer> {
    const patienceMs = this.#patienceMs
    const isNo = (error: unknown): boolean =>
      (error instanceof Refused && isVerdict(error.status)) || isPathMissing(error, call)
    const policy: RetryPolicy = {
      wait: doubling(FIRST_WAIT_MS, LONGEST_WAIT_MS),
      isCurable: (error) =>
        !isNo(error) && (patienceMs === Number.POSITIVE_INFINITY || !isOfAccess(error)),
      deadline: performance.now() + patienceMs,
      outage: {
        failed: (error) => this.#isDown(error, call),
        over: () => this.#isUp(),
      },
    }
    const ask = async (): Promise<Answer> => {
      try {
        const answer = await this.#ask(this.config, call, this.#closed.signal)
        this.requests.ok++
        return answer
      } catch (error) {
        this.requests[isNo(error) ? 'refused' : 'failed']++
        throw error
      }
    }
    return retry(ask, policy, this.#closed.signal).catch((error) => {
      throw isNo(error) ? error : unavailable(this.config, error)
    })
  }

  /** Throws where the registry has none of the paths, though it answers others. */
  async #schemaAt(calls: readonly Call[], isAgain = false): Promise<Answer> {
    for (const call of calls) {
      try {
        return await this.#schema(call)
      } catch (error) {
        if (!isPathMissing(error, call)) throw error
      }
    }
    if (isAgain)
      throw new Error(`it does not answer ${calls.map(({ path }) => path).join(', nor ')}`)
    // It may have been a proxy's answer, in place of the registry's: that is waited out.
    await this.#read(this.#lastRead ?? ALWAYS_THERE)
    return this.#schemaAt(calls, true)
  }

  /** Reads a schema. Throws `Refused` where there is none, and where this one may not be read, though others may. */
  async #schema(call: Call): Promise<Answer> {
    const before = this.#lastRead
    if (before === undefined) return this.#read(call)
    try {
      return await this.#read(call, isFinal)
    } catch (error) {
      if (!(error instanceof Refused) || isNotThere(error)) throw error
      const isOfUs = await this.#ask(this.config, before, this.#closed.signal).then(
        () => false,
        () => true,
      )
      if (isOfUs) return this.#read(call)
      throw error
    }
  }

  async #read(call: Call, isVerdict = saysNo): Promise<Answer> {
    const answer = await this.request(call, isVerdict)
    this.#lastRead = call
    return answer
  }

  #isDown(err: unknown, { path }: Call): void {
    const { url } = this.config
    if (!this.#down) this.#log.event('registry_failing', { err, url, path })
    this.#down = true
  }

  #isUp(): void {
    if (this.#down) this.#log.event('registry_works', { url: this.config.url })
    this.#down = false
  }
}

/** Whether a registry of another release has no such path. */
const isPathMissing = (error: unknown, { path }: Call): boolean =>
  error instanceof NoRegistry && error.status === NOT_FOUND && isOptional(path)
