/**
 * What this instance is doing, and so what it may do now.
 *
 *     ┌─────────┐       assigned        ┌─────────┐
 *     │ joining │ ────────────────────▶ │ running │
 *     │         │ ◀──────────────────── │         │
 *     └─────────┘   the group is to be  └─────────┘
 *          ▲        joined again         │       ▲
 *          │                       what it does  │ taken anew
 *          │                           fails     │
 *          │                             ▼       │
 *          │  fenced, or the group is   ┌────────────┐
 *          └─────────────────────────── │ recovering │
 *             to be joined again        └────────────┘
 *
 *     from each of them, for good: ──▶ stopping
 *
 * - joining: from the start, and between two generations of the group; it may begin once more on the way. What fails
 *   meanwhile is put down, and taken with the assignment.
 * - running: slices are taken and epochs committed.
 * - recovering: the tasks are put down, to be taken anew (see `recovery.ts`).
 * - stopping: the last epoch is committed, the group left, and the tasks are put down.
 */
import { StateMachine, type Steps } from './state-machine.ts'

export type InstanceState = 'joining' | 'running' | 'recovering' | 'stopping'

export const INSTANCE_STEPS: Steps<InstanceState> = {
  joining: ['joining', 'running', 'stopping'],
  running: ['joining', 'recovering', 'stopping'],
  recovering: ['joining', 'running', 'stopping'],
  stopping: [],
}

/** Answers whether this instance may process, and whether it may commit. */
export class Gate {
  readonly #machine = new StateMachine<InstanceState>('The instance', INSTANCE_STEPS, 'joining')
  readonly #onChange: () => void
  #paused = false
  /** Works during which no slice is taken. */
  #holds = 0

  /** @param onChange called when it may have opened */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  get state(): InstanceState {
    return this.#machine.state
  }

  get isStopping(): boolean {
    return this.state === 'stopping'
  }

  /** Whether a slice may be taken now. */
  get mayProcess(): boolean {
    return this.mayCommit && !this.#paused && this.#holds === 0
  }

  /** Whether what was taken may be committed, which it is also while nothing more may be taken. */
  get mayCommit(): boolean {
    return this.state === 'running'
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Throws where there is no such step. */
  to(next: InstanceState): void {
    this.#machine.to(next)
    this.#onChange()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#onChange()
  }

  /** No slice is taken until each hold is released. */
  hold(): void {
    this.#holds++
  }

  release(): void {
    this.#holds--
    this.#onChange()
  }
}
