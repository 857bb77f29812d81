/** What a field offers to choose from: its own choices, or the catalogue's names. */
import type { Catalogue, FieldContent, Option } from '@/api/types'
import { named } from '@/format/names'
import type { FieldSpec } from './fields'

/** Faults of every appliance. */
const COMMON = '通用'

/** `appliance`: what the form says at the moment; its faults are offered, those of all without one. */
export function choicesOf(spec: FieldSpec, catalogue: Catalogue | null, appliance: FieldContent, t: (key: string) => string): Option[] {
  if (spec.own?.choices) return Object.entries(spec.own.choices).map(([value, label]) => ({ value, label }))
  if (spec.choices) return spec.choices.map((value) => ({ value, label: t(`value.${spec.name}.${value}`) }))
  const names: Record<string, readonly string[] | undefined> = { appliance: catalogue?.appliances, brand: catalogue?.brands, fault: faultsOf(catalogue, appliance) }
  return (names[spec.name] ?? []).map((value) => ({ value, label: named(value) }))
}

function faultsOf(catalogue: Catalogue | null, appliance: FieldContent): string[] {
  const all = catalogue?.faults ?? {}
  const own = typeof appliance === 'string' ? all[appliance] : undefined
  return [...new Set([...(own ?? Object.values(all).flat()), ...(all[COMMON] ?? [])])]
}
