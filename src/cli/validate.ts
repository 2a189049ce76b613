/** `validate FILE`: everything that can be found out without a broker. */
import { loadPipeline } from '../config/load.ts'
import { compile } from './compile.ts'
import { print } from './terminal.ts'

export async function validate(file: string): Promise<void> {
  await compile(loadPipeline(file, process.env))
  print(`${file} is valid`)
}
