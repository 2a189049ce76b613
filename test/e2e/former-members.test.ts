/** What a member that died has left open, on a real broker. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Orders } from './orders.ts'

const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))
const PROGRAM = fileURLToPath(new URL('TransactionState.java', import.meta.url))
const COUNT = 60_000
/** Of asks for the state: each takes a second, and half a minute on a busy machine. */
const TRIES = 10

/** As Kafka's own client has it. It takes its time, in which our own requests have to be answered. */
async function stateOf(brokers: string, transactionalId: string): Promise<string> {
  const args = ['-cp', `${JARS}/*`, PROGRAM, brokers, transactionalId]
  return (await promisify(execFile)('java', args)).stdout
}

test('a transaction that a member dies in is ended by those that stay, and not by its timeout', async () => {
  const orders = await Orders.create()
  const start = (name: string, more: Record<string, string> = {}) =>
    orders.start({ INSTANCE_ID: name, STATE_DIR: join(orders.folder, name), ...more })
  try {
    // All of a commit is sent, and the transaction not ended.
    const dying = start('dying', { ENRICHER_KILL_AFTER: '2:3' })
    await dying.logged('"Task running"')
    const staying = start('staying')
    await staying.logged('"Task running"')
    const loading = orders.send(0, COUNT)
    assert.equal(await dying.ended, 'SIGKILL', dying.log)
    await loading
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')

    const { KAFKA_BROKERS, NAME } = orders.env()
    let state = ''
    // A new producer of this id has begun, and nothing since: after a timeout alone it stays CompleteAbort.
    for (let tries = 0; state !== 'Empty' && tries < TRIES; tries++) {
      state = await stateOf(KAFKA_BROKERS, `${NAME}-dying`)
    }
    assert.equal(state, 'Empty')
    assert.ok(!staying.log.includes('"former_member_not_fenced"'), staying.log)
  } finally {
    await orders.close()
  }
})
