import type { Member } from '../../instance/membership.ts'
import { ApiError } from '../http/api-error.ts'
import { inTime } from './in-time.ts'
import type { ServiceParts } from './parts.ts'
import { Remembered } from './remembered.ts'

/** What the coordinator has said counts for so long. */
const AGE_MS = 2000
/** A coordinator that does not answer for this long is away. */
const PATIENCE_MS = 3000
const RETRY_SECONDS = 2

/** The members of the group, as its coordinator has them. */
export class GroupMembers {
  readonly #remembered: Remembered<readonly Member[]>
  readonly #parts: ServiceParts

  constructor(parts: ServiceParts) {
    this.#parts = parts
    this.#remembered = new Remembered<readonly Member[]>([], AGE_MS, async () => {
      const { worker } = parts
      return worker === undefined || worker.draining ? [] : worker.members()
    })
  }

  /** None while they are not known, and once this instance leaves the group. */
  async recent(): Promise<readonly Member[]> {
    const members = await this.#remembered.recent()
    return this.#parts.worker?.draining ? [] : members
  }

  /** Throws ApiError where the coordinator does not answer. */
  async fresh(): Promise<readonly Member[]> {
    return inTime(this.#remembered.fresh(), PATIENCE_MS).catch(() => {
      throw new ApiError(503, 'The group’s coordinator does not answer', RETRY_SECONDS)
    })
  }
}
