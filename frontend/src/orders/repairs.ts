/** What visits found and did: what holds of it, which appliance it was, and the sheet on which somebody writes it. Pure. */
import type { Asset, NewRepair, PastRepair, Repair, UsedPart } from '@/api/types'
import { named } from '@/format/names'

export interface Visit {
  repair: Repair
  /** What stood there before it was corrected, the newest first. */
  earlier: Repair[]
}

/** What holds of an order's records, the newest visit first, each with what it stands in for. */
export function visitsOf(repairs: readonly Repair[]): Visit[] {
  const known = new Map(repairs.map((one) => [one.repair_id, one]))
  const before = (one: Repair): Repair[] => {
    const wrong = one.corrects === null ? undefined : known.get(one.corrects)
    return wrong ? [wrong, ...before(wrong)] : []
  }
  const holds = repairs.filter((one) => one.corrected_by === null)
  return holds.map((repair) => ({ repair, earlier: before(repair) })).sort((a, b) => b.repair.at.localeCompare(a.repair.at))
}

/** 启动电容 ×2 */
export function partText({ name, quantity }: UsedPart): string {
  return quantity === 1 ? name : `${name} ×${quantity}`
}

/** Which of a customer's appliances it was: the one on file, else the only one of its kind (and brand, where both say one). */
export function assetOf<T extends Pick<Asset, 'asset_id' | 'appliance' | 'brand'>>(past: PastRepair, assets: readonly T[]): T | null {
  if (past.asset_id !== null) return assets.find((one) => one.asset_id === past.asset_id) ?? null
  const same = assets.filter((one) => one.appliance === past.appliance && (!one.brand || !past.brand || one.brand === past.brand))
  return same.length === 1 ? (same[0] as T) : null
}

export interface PartSheet {
  name: string
  code: string
  quantity: number | ''
}

/** A repair record while it is written. */
export interface RepairSheet {
  finding: string
  action: string
  parts: PartSheet[]
  minutes: number | ''
}

export const MOST_PARTS = 50

export const noPart = (): PartSheet => ({ name: '', code: '', quantity: 1 })

export function sheetOf(repair: Repair | null): RepairSheet {
  const { finding = '', action = '', parts = [], minutes = null } = repair ?? {}
  return { finding, action, parts: parts.map((one) => ({ ...one })), minutes: minutes ?? '' }
}

/** What is sent. Lines nobody wrote into are left out; a number that is none is 0, which the server refuses by name. */
export function recordOf(sheet: RepairSheet, corrects: string | null): NewRepair {
  const parts = sheet.parts.filter(written).map((one) => ({ name: one.name.trim(), code: one.code.trim(), quantity: one.quantity || 0 }))
  return { finding: sheet.finding.trim(), action: sheet.action.trim(), parts, minutes: sheet.minutes === '' ? null : sheet.minutes, corrects }
}

/** Places of the server's problems (`parts.0.name`) count the lines that were sent; here is that of the line on the screen. */
export function placeOf(sheet: RepairSheet, field: string): string {
  const match = /^parts\.(\d+)\.(\w+)$/.exec(field)
  if (!match) return field
  const shown = sheet.parts.flatMap((one, at) => (written(one) ? [at] : []))
  return `parts.${shown[Number(match[1])] ?? match[1]}.${match[2]}`
}

function written(one: PartSheet): boolean {
  return one.name.trim() !== '' || one.code.trim() !== ''
}

/** What it was done to, as a list of a customer's visits shows it. */
export function thingOf({ brand, appliance }: PastRepair): string {
  return [brand, appliance].filter((word): word is string => !!word).map(named).join(' ')
}
