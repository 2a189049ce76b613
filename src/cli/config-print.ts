/** `config print FILE`: the settings as they count, where each comes from, and no secrets. */
import { readFileSync } from 'node:fs'
import { loadPipeline } from '../config/load.ts'
import { defaultSettings, fileSettings, settingsText } from '../config/settings.ts'
import { print } from './terminal.ts'

export function configPrint(file: string, options: { effective?: true }): void {
  const pipeline = loadPipeline(file, process.env)
  const given = fileSettings(readFileSync(file, 'utf8'), process.env)
  const all = options.effective ? [...given, ...defaultSettings(pipeline, given)] : given
  print(settingsText(all).trimEnd())
}
