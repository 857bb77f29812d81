/** What a customer's file says, in words. */
import type { AddressParts, Contract, MaintenancePlan } from '@/api/types'
import { LEVELS } from '@/api/types'
import { addressLine, type Translate } from '@/format/fields'
import { phone } from '@/format/phone'

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

/** A value of the history of a file: a level, a list of phones or addresses, or text; '' when there was none. */
export function told(field: string, value: unknown, t: Translate): string {
  if (value === null || value === undefined || value === '') return ''
  if (field === 'level' && LEVELS.some((level) => level === value)) return t(`customer.levels.${value as string}`)
  if (Array.isArray(value)) return value.map((one) => entry(one)).filter(Boolean).join('、')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function entry(one: unknown): string {
  if (typeof one !== 'object' || one === null) return String(one)
  const { number, label, ...rest } = one as AddressParts & { number?: string; label?: string | null }
  const text = number ? phone(number) : addressLine(rest)
  return label ? `${text}（${label}）` : text
}
