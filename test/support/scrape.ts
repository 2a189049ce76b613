import type { ServiceProcess } from '../e2e/orders.ts'

export type Samples = (name: string, labels?: Record<string, string>) => number[]

/** Where the service listens: its log says so. */
export async function httpPort(service: ServiceProcess): Promise<number> {
  await service.logged('"Listening"')
  return Number(/"port":(\d+)[^\n]*"Listening"/.exec(service.log)?.[1])
}

/** The text of /metrics. */
export async function exposition(service: ServiceProcess): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${await httpPort(service)}/metrics`)
  return answer.text()
}

/** The values of a metric's series that have these labels; names are without their prefix. */
export async function scrape(service: ServiceProcess): Promise<Samples> {
  const lines = (await exposition(service)).split('\n')
  return (name, labels = {}) =>
    lines
      .filter((line) => new RegExp(`^enricher_${name}[ {]`).test(line))
      .filter((line) =>
        Object.entries(labels).every(([l, value]) => line.includes(`${l}="${value}"`)),
      )
      .map((line) => Number(line.slice(line.lastIndexOf(' '))))
}
