/** What a member that died has left open, on a real broker. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Orders } from './orders.ts'

const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))
const PROGRAM = fileURLToPath(new URL('TransactionState.java', import.meta.url))
const COUNT = 60_000

/** As Kafka's own client has it. */
const stateOf = (brokers: string, transactionalId: string): string =>
  execFileSync('java', ['-cp', `${JARS}/*`, PROGRAM, brokers, transactionalId]).toString()

/** Whether some of what has been written may not be read yet. */
async function isOpen({ broker }: Orders, topic: string): Promise<boolean> {
  const stable = await broker.admin.offsets(topic, 'stable')
  const ends = await broker.admin.offsets(topic, 'latest')
  return [...ends].some(([partition, end]) => end > stable.get(partition)!)
}

test('a transaction that a member dies in is ended by those that stay, and not by its timeout', async () => {
  const orders = await Orders.create()
  const start = (name: string) =>
    orders.start({ INSTANCE_ID: name, STATE_DIR: join(orders.folder, name) })
  try {
    const dying = start('dying')
    await dying.logged('"Task running"')
    const staying = start('staying')
    await staying.logged('"Task running"')

    const { KAFKA_BROKERS, NAME } = orders.env()
    const state = (): string => stateOf(KAFKA_BROKERS, `${NAME}-dying`)
    const loading = orders.send(0, COUNT)
    for (let tries = 0; ; tries++) {
      assert.ok(tries < 1000, 'No stop has met an open transaction')
      dying.child.kill('SIGSTOP')
      if ((await isOpen(orders, `${NAME}-window-changelog`)) && state() === 'Ongoing') break
      dying.child.kill('SIGCONT')
      await sleep(10 + (tries % 7))
    }
    await dying.kill()
    await loading
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
    // A new producer of this id has begun, and nothing since: after a timeout it would be CompleteAbort.
    assert.equal(state(), 'Empty')
    assert.ok(!staying.log.includes('"former_member_not_fenced"'), staying.log)
  } finally {
    await orders.close()
  }
})
