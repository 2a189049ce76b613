import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSocket } from '../../src/broker/socket.ts'
import { freePort } from '../support/kafka.ts'

test('a socket that never connects may be let go of many times without a warning beside the log', async (t) => {
  const warnings: string[] = []
  const warn = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', warn)
  t.after(() => process.off('warning', warn))
  const port = await freePort()
  const socket = createSocket({ host: '127.0.0.1', port, ssl: null, onConnect() {} })
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('close', resolve))
  for (let i = 0; i < 30; i++) socket.unref()
  await new Promise(setImmediate)
  assert.deepEqual(warnings, [])
})
