/** What a customer's file says, in words. */
import type { AddressParts, Contract, MaintenancePlan, OrderLine } from '@/api/types'
import { LEVELS } from '@/api/types'
import { addressLine } from '@/format/fields'
import { named } from '@/format/names'
import { phone } from '@/format/phone'

type Said = (key: string, values?: Record<string, unknown>) => string

/** Both days count; `today` is YYYY-MM-DD like them. */
export function contractState(contract: Pick<Contract, 'starts_on' | 'ends_on'>, today: string): 'ahead' | 'running' | 'over' {
  if (today < contract.starts_on) return 'ahead'
  return today > contract.ends_on ? 'over' : 'running'
}

/** When the next visit is, or why there is none: key and parameters of the words for it. */
export function planState(plan: Pick<MaintenancePlan, 'next_on' | 'active' | 'stopped_because'>): { word: string; date?: string; running: boolean } {
  if (plan.active && plan.next_on) return { word: 'customer.next', date: plan.next_on, running: true }
  return { word: plan.stopped_because ? `customer.stopped.${plan.stopped_because}` : 'customer.plan_over', running: false }
}

/** How many of these are no orders yet: what is counted as a customer's orders leaves drafts out. */
export function draftsOf(orders: readonly Pick<OrderLine, 'status'>[]): number {
  return orders.filter((one) => one.status === 'draft').length
}

/** A value of the history of a file: a level, a list of phones or addresses, an appliance, or text; '' when there was none. */
export function told(field: string, value: unknown, t: Said): string {
  if (value === null || value === undefined || value === '') return ''
  if (field === 'level' && LEVELS.some((level) => level === value)) return t(`customer.levels.${value as string}`)
  if (field === 'asset' && typeof value === 'object') return assetTold(value as Record<string, unknown>, t)
  if (Array.isArray(value)) return value.map((one) => entry(one)).filter(Boolean).join('、')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** How what is on file about an appliance is said; its name is said as it is, what is not here not at all. */
const ASSET_WORDS: Record<string, [word: string, name: string]> = {
  serial: ['customer.serial', 'serial'], purchased_on: ['customer.purchased', 'date'], installed_on: ['customer.installed', 'date'], replaced_on: ['customer.replaced', 'date'],
  retired_on: ['customer.retired', 'date'], stated_until: ['warranty.until', 'date'], invoice_no: ['customer.invoice', 'no'],
}
const ASSET_NAMES = ['brand', 'appliance', 'model', 'notes']

function assetTold(asset: Record<string, unknown>, t: Said): string {
  const text = (name: string): string => (typeof asset[name] === 'string' ? asset[name] : '')
  const names = ASSET_NAMES.map(text).filter(Boolean).map(named)
  const days = Object.entries(ASSET_WORDS).filter(([name]) => text(name)).map(([name, [word, as]]) => t(word, { [as]: text(name) }))
  return [names.join(' '), ...days].filter(Boolean).join('，')
}

function entry(one: unknown): string {
  if (typeof one !== 'object' || one === null) return String(one)
  const { number, label, ...rest } = one as AddressParts & { number?: string; label?: string | null }
  const text = number ? phone(number) : addressLine(rest)
  return label ? `${text}（${label}）` : text
}
