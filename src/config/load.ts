import { dirname, resolve } from 'node:path'
import { EnricherError } from '../errors.ts'
import type { Pipeline } from './pipeline.ts'
import isPipeline from './pipeline-check.ts'
import { pipelineOf } from './pipeline-of.ts'
import { setPlaces } from './places.ts'
import { substitute } from './substitute.ts'
import { readYaml, YamlFile } from './yaml-file.ts'

/** Reads, checks and completes a pipeline file. Throws CONFIG_INVALID with a line for every fault. */
export function loadPipeline(file: string, env: NodeJS.ProcessEnv): Pipeline {
  return parsePipeline(readYaml(file, 'pipeline file'), file, env)
}

/** @param file names the file in messages; paths in it are relative to its folder */
export function parsePipeline(text: string, file: string, env: NodeJS.ProcessEnv): Pipeline {
  const yaml = new YamlFile(text, file)
  if (yaml.document.has('cases') && !yaml.document.has('facts')) throw isFixture(file, yaml)
  substitute(yaml.document, env, yaml.reportAt)
  const raw = yaml.content(isPipeline)
  const pipeline = pipelineOf(raw, resolve(dirname(file)), yaml.report)
  yaml.check()
  setPlaces(pipeline, yaml.placeOf)
  return freeze(pipeline)
}

function isFixture(file: string, { document }: YamlFile): EnricherError {
  const named = document.get('pipeline')
  const its = typeof named === 'string' ? `, here ${named}` : ''
  const message = `${file} has test cases, and a pipeline file is wanted: the one that it names with \`pipeline:\`${its}. The cases are run by \`stream-enricher test ${file}\``
  return new EnricherError('CONFIG_INVALID', message)
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null)
    Object.values(Object.freeze(value)).forEach(freeze)
  return value
}
