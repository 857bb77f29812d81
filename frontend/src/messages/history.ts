/** What was changed from version to version of the rules, and what words a template had. Pure. */
import type { NotifyTable, NotifyVersion, Wording } from '@/api/types'
import { differences, type Difference, type Part } from '@/messages/table'

export interface Step extends NotifyVersion {
  /** Against the version before; empty for what is built in. */
  changes: Difference[]
  before: NotifyTable | null
}

/** `versions` come newest first; the last of them is a step only when nothing is older. */
export function stepsOf(versions: readonly NotifyVersion[], complete: boolean): Step[] {
  const steps = versions.map((one, at): Step => {
    const before = versions[at + 1]?.table ?? null
    return { ...one, before, changes: before ? differences(before, one.table) : [] }
  })
  return complete ? steps : steps.slice(0, -1)
}

/** The steps that changed a template's words, and what is built in if it has the template. */
export function stepsOfTemplate(steps: readonly Step[], template: string): Step[] {
  const about = (one: Difference): boolean => one.kind === 'template' && one.name === template
  return steps
    .map((one) => ({ ...one, changes: one.changes.filter(about) }))
    .filter((one) => one.changes.length || (one.before === null && one.table.templates[template]))
}

export function wordingOf(table: NotifyTable | null, part: Part): Wording | null {
  return (part.kind === 'template' && part.tongue && table?.templates[part.name]?.[part.tongue]) || null
}

export function sameWording(a: Wording | null, b: Wording | null): boolean {
  return a?.text === b?.text && a?.subject === b?.subject
}

/** What of a version can be taken back: the parts it changed, of the built-in one all tongues of the template. */
export function partsOf(step: Step, template: string | null): Part[] {
  if (step.before || template === null) return step.changes
  return (['zh', 'en'] as const).filter((tongue) => step.table.templates[template]?.[tongue]).map((tongue) => ({ kind: 'template', name: template, tongue }))
}
