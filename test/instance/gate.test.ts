/** The two state machines of an instance, each against its own list of steps. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Gate, INSTANCE_STEPS } from '../../src/instance/gate.ts'
import { HeldTask, TASK_STEPS } from '../../src/instance/held-task.ts'
import { StateMachine, type Steps } from '../../src/instance/state-machine.ts'
import type { Store } from '../../src/state/level.ts'
import type { RunnableTask } from '../../src/task/task.ts'

const nothing = (): void => {}

/** As the drawings have them. */
const DRAWN = {
  instance: [
    'joining → joining',
    'joining → running',
    'joining → stopping',
    'running → joining',
    'running → recovering',
    'running → stopping',
    'recovering → joining',
    'recovering → running',
    'recovering → stopping',
  ],
  task: ['restoring → running', 'restoring → closed', 'running → closed'],
}

const TABLES: { what: keyof typeof DRAWN; steps: Steps<string> }[] = [
  { what: 'instance', steps: INSTANCE_STEPS },
  { what: 'task', steps: TASK_STEPS },
]

for (const { what, steps } of TABLES) {
  const states = Object.keys(steps)

  test(`the ${what} takes every step that is drawn; every other throws, names both states and changes nothing`, () => {
    for (const from of states) {
      for (const to of states) {
        const machine = new StateMachine(`The ${what}`, steps, from)
        if (DRAWN[what].includes(`${from} → ${to}`)) {
          machine.to(to)
          assert.equal(machine.state, to)
        } else {
          const message = `The ${what} may not go from ${from} to ${to}`
          assert.throws(() => machine.to(to), { message })
          assert.equal(machine.state, from)
        }
      }
    }
  })

  test(`no walk of the ${what} leaves its states, and from each of them it can still end`, () => {
    const last = states.filter((state) => steps[state].length === 0)
    assert.equal(last.length, 1)
    fc.assert(
      fc.property(fc.array(fc.nat(states.length - 1), { maxLength: 100 }), (walk) => {
        const machine = new StateMachine(what, steps, states[0])
        for (const i of walk) {
          const before = machine.state
          try {
            machine.to(states[i])
          } catch {
            assert.equal(machine.state, before)
          }
          assert.ok(states.includes(machine.state))
        }
        if (machine.state !== last[0]) machine.to(last[0])
      }),
    )
  })
}

test('a task is restored first, and one that is closed does nothing more', () => {
  const held = new HeldTask(
    { number: 7, queues: [] as const } as unknown as RunnableTask,
    {} as Store,
  )
  assert.equal(held.state, 'restoring')
  held.to('running')
  held.to('closed')
  assert.throws(() => held.to('running'), /Task 7 may not go from closed to running/)
})

test('slices are taken while the instance runs and nobody wants it to stand still; commits go on all the same', () => {
  const gate = new Gate(nothing)
  const may = () => [gate.mayProcess, gate.mayCommit]
  assert.deepEqual(may(), [false, false], 'joining')
  gate.to('running')
  assert.deepEqual(may(), [true, true])
  gate.pause()
  assert.deepEqual(may(), [false, true], 'paused')
  gate.hold()
  gate.hold()
  gate.resume()
  gate.release()
  assert.deepEqual(may(), [false, true], 'held by one of two')
  gate.release()
  assert.deepEqual(may(), [true, true])
  gate.to('recovering')
  assert.deepEqual(may(), [false, false], 'recovering')
  gate.to('running')
  gate.to('stopping')
  assert.deepEqual(may(), [false, false], 'stopping')
})

test('whatever may open the gate is told', () => {
  let told = 0
  const gate = new Gate(() => told++)
  const tellsOf = (change: () => void): number => {
    told = 0
    change()
    return told
  }
  assert.equal(
    tellsOf(() => gate.to('running')),
    1,
  )
  gate.pause()
  gate.hold()
  assert.equal(
    tellsOf(() => gate.resume()),
    1,
  )
  assert.equal(
    tellsOf(() => gate.release()),
    1,
  )
})
