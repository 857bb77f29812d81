/** The fields of a work order as the form shows them: one table for order, control and choices. */
import type { FieldContent, FieldName, Order, OwnField } from '@/api/types'

export type Control = 'text' | 'phone' | 'choice' | 'catalogue' | 'flag' | 'address' | 'appointment' | 'date' | 'long'

export interface FieldSpec {
  name: FieldName
  control: Control
  /** Values of a closed choice; their words are in i18n under `value.<field>.<value>`. */
  choices?: readonly string[]
  /** Set for a field that only the order's form has: its labels and choices are there. */
  own?: OwnField
}

export const SERVICE_TYPES = ['repair', 'install', 'maintenance', 'return_exchange', 'complaint', 'enquiry', 'progress'] as const
export const SAFETY = ['none', 'gas_smell', 'water_leak', 'electric_shock', 'smoke'] as const
export const URGENCY = ['normal', 'high', 'critical'] as const

/** In the order a call usually goes, so that the form fills from top to bottom. */
export const FIELD_SPECS: readonly FieldSpec[] = [
  { name: 'service_type', control: 'choice', choices: SERVICE_TYPES },
  { name: 'appliance', control: 'catalogue' },
  { name: 'brand', control: 'catalogue' },
  { name: 'model', control: 'text' },
  { name: 'fault', control: 'catalogue' },
  { name: 'error_code', control: 'text' },
  { name: 'description', control: 'long' },
  { name: 'onset', control: 'text' },
  { name: 'intermittent', control: 'flag' },
  { name: 'customer_name', control: 'text' },
  { name: 'contact_phone', control: 'phone' },
  { name: 'address', control: 'address' },
  { name: 'appointment', control: 'appointment' },
  { name: 'purchase_date', control: 'text' },
  { name: 'in_warranty_claim', control: 'flag' },
  { name: 'safety', control: 'choice', choices: SAFETY },
  { name: 'urgency', control: 'choice', choices: URGENCY },
  { name: 'prior_ticket', control: 'text' },
  { name: 'sentiment_complaint', control: 'flag' },
]

export const SPEC_BY_NAME: Record<FieldName, FieldSpec | undefined> = Object.fromEntries(FIELD_SPECS.map((spec) => [spec.name, spec]))

const LONG = 200

function ownSpec(own: OwnField): FieldSpec {
  const control = own.kind === 'text' && own.max_length > LONG ? 'long' : own.kind
  return { name: own.name, control, own }
}

/** Everything the form of this order has: the fields of every order, then those of its service type. */
export function formOf(order: Pick<Order, 'own_fields'>): readonly FieldSpec[] {
  return [...FIELD_SPECS, ...order.own_fields.map(ownSpec)]
}

export function ownNames(order: Pick<Order, 'own_fields'>): FieldName[] {
  return order.own_fields.map((own) => own.name)
}

export type Trust = 'high' | 'medium' | 'low'

/** Three steps an agent can tell apart at a glance; the number stands beside them. */
export function trust(confidence: number): Trust {
  if (confidence >= 0.85) return 'high'
  return confidence >= 0.6 ? 'medium' : 'low'
}

export function isBlank(value: FieldContent | undefined): boolean {
  if (value === null || value === undefined || value === '') return true
  return typeof value === 'object' && Object.values(value).every((part) => !part)
}

/** Equal for the agent: blank parts do not count, order of parts does not either. */
export function sameValue(a: FieldContent | undefined, b: FieldContent | undefined): boolean {
  return canonical(a) === canonical(b)
}

function canonical(value: FieldContent | undefined): string {
  if (isBlank(value)) return ''
  if (typeof value === 'string') return JSON.stringify(value.trim())
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts = Object.entries(value as Record<string, unknown>).filter(([, part]) => part)
  return JSON.stringify(parts.sort(([x], [y]) => x.localeCompare(y)))
}
