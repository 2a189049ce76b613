/** What an expression's parts are: whether their types fit together, and if not, what to write instead. */

import { callOf, FUNCTION_NAMES } from './calls.ts'
import { explain } from './explain.ts'
import { COALESCE, TRY } from './functions.ts'
import { literal, unified } from './literals.ts'
import {
  ARITHMETIC,
  areAlike,
  CHOICE,
  connective,
  equality,
  membership,
  NEGATE,
  NOT,
  nullness,
  ordering,
} from './operators.ts'
import { type Make, type Part, partOf } from './part.ts'
import type { Fault, Node } from './syntax.ts'
import { type Type, typeText } from './types.ts'

/** What names stand for. */
export interface Scope {
  readonly names: readonly string[]
  /**
   * The part that the name, and names behind dots, stand for; a text: why there is none; undefined: there is a fault
   * in what it stands for.
   */
  part(path: readonly string[], at: number): Part | string | undefined
}

/** As many parts as an expression may have, with those of the fields that it names. */
const MOST_PARTS = 5000

type Operands = readonly [Node, Node]

/** Checks one expression. */
export class Checker {
  readonly #scope: Scope
  readonly faults: Fault[] = []

  constructor(scope: Scope) {
    this.#scope = scope
  }

  /** undefined: `faults` say why. */
  check(node: Node): Part | undefined {
    const part = this.#part(node)
    if (part === undefined || part.size <= MOST_PARTS) return part
    return this.#fault(node, `the expression has ${part.size} parts; ${MOST_PARTS} are possible`)
  }

  #part(node: Node): Part | undefined {
    switch (node.op) {
      case 'value':
        return this.#orFault(node, literal(node.args, node.start))
      case 'id':
      case '.':
        return this.#name(node)
      case '!_':
        return this.#logical(node, '!', [node.args], NOT)
      case '-_':
        return this.#negated(node, node.args)
      case '&&':
      case '||':
        return this.#logical(node, node.op, node.args, connective(node.op === '||'))
      case '?:':
        return this.#choice(node, node.args)
      case '==':
      case '!=':
        return this.#equality(node, node.args)
      case '<':
      case '<=':
      case '>':
      case '>=':
        return this.#ordering(node, node.args)
      case 'in':
        return this.#membership(node, node.args)
      case 'call':
        return this.#call(node, node.args[0], node.args[1])
      case 'rcall':
        return this.#method(node, ...node.args)
      default:
        return node.op in ARITHMETIC
          ? this.#arithmetic(node, node.args as Operands)
          : this.#fault(node, 'lists and maps: not supported; a list may stand behind in only')
    }
  }

  #fault(node: Pick<Node, 'start'>, message: string): undefined {
    this.faults.push({ at: node.start, message })
    return undefined
  }

  #orFault(node: Node, part: Part | string | undefined): Part | undefined {
    return typeof part === 'string' ? this.#fault(node, part) : part
  }

  /** All of them are checked, so that all faults are told. */
  #parts(nodes: readonly Node[]): Part[] | undefined {
    const parts = nodes.map((node) => this.#part(node))
    return parts.every((part) => part !== undefined) ? (parts as Part[]) : undefined
  }

  #name(node: Node): Part | undefined {
    const path = pathOf(node)
    if (path === undefined) {
      return this.#fault(node, 'only a field has fields; write its name before the dot')
    }
    return this.#orFault(node, this.#scope.part(path, node.start))
  }

  #logical(node: Node, operator: string, nodes: readonly Node[], make: Make): Part | undefined {
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    const odd = parts.findIndex(({ type }) => type.kind !== 'bool' && type.kind !== 'null')
    if (odd < 0) return partOf({ gives: 'bool', make }, parts, node.start)
    const its = typeText(parts[odd].type)
    return this.#fault(
      nodes[odd],
      `${operator} takes bool, and this is ${its}; compare it with something`,
    )
  }

  #negated(node: Node, inner: Node): Part | undefined {
    if (inner.op === 'value' && typeof inner.args === 'bigint') {
      return this.#orFault(node, literal(-inner.args, node.start))
    }
    const part = this.#part(inner)
    if (part === undefined) return undefined
    const operation = NEGATE.find(({ takes }) => takes[0] === part.type.kind)
    if (operation !== undefined) return partOf(operation, [part], node.start)
    return this.#fault(node, `- takes a number, and this is ${typeText(part.type)}`)
  }

  #arithmetic(node: Node, nodes: Operands): Part | undefined {
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    const [a, b] = parts.map(({ type }) => type)
    const operation = ARITHMETIC[node.op].find(
      ({ takes }) => takes[0] === a.kind && takes[1] === b.kind,
    )
    if (operation !== undefined) return partOf(operation, parts, node.start)
    return this.#fault(node, explain(node.op, a, b))
  }

  #ordering(node: Node, nodes: Operands): Part | undefined {
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    const [a, b] = parts.map(({ type }) => type)
    const make = ordering(node.op, a, b)
    if (make !== undefined) return partOf({ gives: 'bool', make }, parts, node.start)
    return this.#fault(node, explain(node.op, a, b))
  }

  #equality(node: Node, nodes: Operands): Part | undefined {
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    const isEqual = node.op === '=='
    const [a, b] = parts.map(({ type }) => type)
    const other = [a, b].findIndex(({ kind }) => kind !== 'null')
    if (a.kind === 'null' || b.kind === 'null') {
      const of = parts[Math.max(0, other)]
      return partOf({ gives: 'bool', make: nullness(isEqual) }, [of], node.start, false)
    }
    if (!areAlike(a.kind, b.kind) || a.kind === 'decimal') {
      return this.#fault(node, explain(node.op, a, b))
    }
    const make = equality(a.kind, isEqual)
    return partOf({ gives: 'bool', make }, parts, node.start, false)
  }

  #membership(node: Node, [item, list]: Operands): Part | undefined {
    if (list.op !== 'list') {
      return this.#fault(list, 'in takes a list, as in ["a", "b"]')
    }
    const parts = this.#parts([item, ...list.args])
    if (parts === undefined) return undefined
    const [{ type }] = parts
    const odd = parts.findIndex((part) => !areAlike(part.type.kind, type.kind))
    if (odd > 0) return this.#fault(list.args[odd - 1], explain('in', type, parts[odd].type))
    if (type.kind === 'decimal') return this.#fault(item, explain('in', type, type))
    return partOf({ gives: 'bool', make: membership(type.kind) }, parts, node.start, false)
  }

  #choice(node: Node, [condition, yes, no]: readonly [Node, Node, Node]): Part | undefined {
    const parts = this.#parts([condition, yes, no])
    if (parts === undefined) return undefined
    const [{ type }] = parts
    if (type.kind !== 'bool') {
      return this.#fault(condition, `? takes bool before it, and this is ${typeText(type)}`)
    }
    const both = unified(parts.slice(1))
    if (both === undefined) {
      const [a, b] = parts.slice(1).map((part) => typeText(part.type))
      return this.#fault(node, `both results of ? : are to be of one type, and are ${a} and ${b}`)
    }
    return withType(
      partOf({ gives: both.type.kind, make: CHOICE }, [parts[0], ...both.parts], node.start),
      {
        ...both.type,
        nullable: both.type.nullable || type.nullable,
      },
    )
  }

  #call(node: Node, name: string, nodes: readonly Node[]): Part | undefined {
    if (name === 'has') return this.#has(node, nodes)
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    if (name === 'coalesce') return this.#coalesce(node, parts)
    if (name === 'try' && parts.length === 1) {
      const of = partOf({ gives: parts[0].type.kind, make: TRY }, parts, node.start, true)
      return withType(of, { ...parts[0].type, nullable: true })
    }
    return this.#orFault(node, callOf(name, parts, false, node.start))
  }

  /** `math.abs(x)` has the form of a method, and is none. */
  #method(node: Node, name: string, receiver: Node, nodes: readonly Node[]): Part | undefined {
    if (receiver.op === 'id' && FUNCTION_NAMES.includes(`${receiver.args}.${name}`)) {
      return this.#call(node, `${receiver.args}.${name}`, nodes)
    }
    const parts = this.#parts([receiver, ...nodes])
    if (parts === undefined) return undefined
    return this.#orFault(node, callOf(name, parts, true, node.start))
  }

  #has(node: Node, nodes: readonly Node[]): Part | undefined {
    const parts = this.#parts(nodes)
    if (parts === undefined) return undefined
    if (parts.length !== 1) return this.#fault(node, 'has takes one field, as has(address.city)')
    return partOf({ gives: 'bool', make: nullness(false) }, parts, node.start, false)
  }

  #coalesce(node: Node, parts: readonly Part[]): Part | undefined {
    const all = unified(parts)
    if (all === undefined) {
      const types = parts.map(({ type }) => typeText(type)).join(', ')
      return this.#fault(node, `what coalesce takes is to be of one type, and is ${types}`)
    }
    const of = partOf({ gives: all.type.kind, make: COALESCE }, all.parts, node.start)
    return withType(of, {
      ...all.type,
      nullable: parts.every(({ type }) => type.nullable),
    })
  }
}

const withType = (part: Part, type: Type): Part => ({ ...part, type })

/** `a.b.c`; undefined: it begins with no name. */
function pathOf(node: Node): string[] | undefined {
  if (node.op === 'id') return [node.args]
  if (node.op !== '.') return undefined
  const outer = pathOf(node.args[0])
  return outer && [...outer, node.args[1]]
}

/** What `where` has to come to. */
export function conditionFault({ type }: Part): string | undefined {
  if (type.kind === 'bool') return undefined
  const its = typeText(type)
  return `a condition comes to bool, and this to ${its}; compare it with something`
}
