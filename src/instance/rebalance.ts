/** Rebalances of the group: what ends with a generation, and what the next one brings. */
import type { Group, GroupEvents } from '../broker/port.ts'
import type { Commits } from '../commit/commits.ts'
import type { Epochs } from '../commit/epochs.ts'
import type { Counts, RebalanceReason } from '../counts/counts.ts'
import type { Log } from '../events.ts'
import type { FormerMembers } from './former-members.ts'
import type { Gate } from './gate.ts'
import { membersOf, NO_RIVALS, partitionsByStage, type Rivals, rivalsAmong } from './membership.ts'
import type { Recovery } from './recovery.ts'
import type { Tasks } from './tasks.ts'

export interface RebalanceOptions {
  readonly gate: Gate
  readonly group: Group
  readonly epochs: Pick<Epochs, 'begin'>
  readonly commits: Pick<Commits, 'next'>
  readonly tasks: Pick<Tasks, 'keep' | 'lastLags'>
  readonly recovery: Recovery
  readonly formerMembers: Pick<FormerMembers, 'ended'>
  readonly instanceId: string
  /** All that tasks read. */
  readonly topics: readonly string[]
  /** How many there are. */
  readonly stages: number
  readonly counts: Counts
  readonly log: Log
}

export class Rebalance implements Pick<GroupEvents, 'beforeJoin' | 'onAssigned' | 'onLost'> {
  readonly #options: RebalanceOptions
  /** Since when the group is being joined. */
  #joiningSince = performance.now()
  /** As of the last assignment. */
  rivals: Rivals = NO_RIVALS
  /** Why the next assignment will have come. */
  #reason: RebalanceReason = 'start'

  constructor(options: RebalanceOptions) {
    this.#options = options
  }

  /** Nothing may be in flight when the group's generation ends. */
  async beforeJoin(): Promise<void> {
    const { commits, recovery } = this.#options
    this.#join()
    await recovery.settled()
    await commits.next(true).catch((error) => recovery.beforeJoin(error))
  }

  async onLost(): Promise<void> {
    const { recovery, tasks, log } = this.#options
    this.#join()
    this.#reason = 'lost'
    log.event('membership_lost', {})
    await recovery.settled()
    await recovery.giveUp()
    tasks.lastLags.retain([])
  }

  /** We were fenced: another instance may have our place. */
  rejoin(): void {
    this.#join()
    // The broker refuses offsets, too, from whom it has lost.
    if (this.#reason !== 'lost') this.#reason = 'fenced'
    this.#options.group.rejoin()
  }

  /** @param numbers of the tasks that are ours */
  async onAssigned(numbers: readonly number[]): Promise<void> {
    const { gate, group, epochs, recovery, tasks, counts, stages, log } = this.#options
    if (gate.isStopping) return
    counts.rebalances.add(this.#reason)
    this.#reason = 'group'
    const { generationId: generation } = group.membership()
    const byStage = partitionsByStage(numbers, stages)
    const partitions = byStage[stages - 1]
    const all = stages > 1 ? byStage : undefined
    log.event('tasks_assigned', { partitions, stages: all, generation })
    void this.#lookAtMembers()
    await tasks.keep(numbers)
    // A read that fails now has all tasks put down: they are taken when that is done.
    do {
      await recovery.idle()
      await epochs.begin()
    } while (recovery.isUnderWay)
    if (gate.isStopping) return
    recovery.take(numbers)
    gate.to('running')
    counts.rebalanceTimes.add(performance.now() - this.#joiningSince)
  }

  /** Whoever stops stays at that. */
  #join(): void {
    const { gate } = this.#options
    if (gate.isStopping) return
    if (gate.state !== 'joining') this.#joiningSince = performance.now()
    gate.to('joining')
  }

  /**
   * Ends what former members have left open, and sees whether all that are there are of one pipeline. Meanwhile the
   * tasks are taken: who takes one waits until its former owner's transaction has ended.
   */
  async #lookAtMembers(): Promise<void> {
    const { group, formerMembers, instanceId, topics, stages, log } = this.#options
    const members = await membersOf(group, stages).catch(() => [])
    const instances = members.flatMap(({ instance }) => instance ?? [])
    // Else the group is between two generations.
    if (!instances.includes(instanceId)) return
    this.rivals = rivalsAmong(members, topics)
    const { topics: others, haveAll } = this.rivals
    if (others.length > 0) {
      log.event('name_shared', { topics: others.join(', '), haveAll, read: topics.join(', ') })
    }
    await formerMembers.ended(instances)
  }
}
