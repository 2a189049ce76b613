/** How an instance judges itself, by its status. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Verdict } from '../../src/watch/verdict/verdict.ts'
import type { ServiceProcess } from '../e2e/orders.ts'
import { httpPort } from './scrape.ts'

async function verdictOf(service: ServiceProcess): Promise<Verdict> {
  const answer = await fetch(`http://127.0.0.1:${await httpPort(service)}/v1/status`)
  const { verdict } = (await answer.json()) as { verdict: Verdict }
  return verdict
}

/** Waits until it is judged so, as it is now and then; where it is not to work, for that reason before others. */
export async function untilJudged(
  service: ServiceProcess,
  level: Verdict['verdict'],
  reason?: string,
): Promise<Verdict> {
  for (let tries = 0; tries < 600; tries++, await sleep(100)) {
    const verdict = await verdictOf(service)
    const [first] = verdict.reasons
    if (verdict.verdict === level && (reason === undefined || first?.reason === reason)) {
      return verdict
    }
  }
  assert.fail(`Not ${level}: ${JSON.stringify(await verdictOf(service))}\n${service.log}`)
}
