/** Field values as words, for markers, tables and conflicts (the form has its own controls). */
import type { AddressParts, Appointment, FieldName } from '@/api/types'
import { SPEC_BY_NAME } from '@/desk/fields'
import { named } from './names'
import { phone } from './phone'
import { span } from './time'

const NAMED = new Set(['appliance', 'brand', 'fault'])

export type Translate = (key: string) => string

export function addressLine(parts: AddressParts): string {
  const { province, city, district, detail } = parts
  return [province === city ? null : province, city, district, detail].filter(Boolean).join('')
}

/** Takes what the server stores in `edits.from/to` too, so unknown shapes come out as JSON, never as [object Object]. */
export function words(name: string, value: unknown, t: Translate): string {
  if (value === null || value === undefined || value === '') return '—'
  if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no')
  const spec = name in SPEC_BY_NAME ? SPEC_BY_NAME[name as FieldName] : undefined
  if (typeof value === 'string') {
    if (spec?.choices?.includes(value)) return t(`value.${name}.${value}`)
    if (NAMED.has(name)) return named(value)
    return spec?.control === 'phone' ? phone(value) : value
  }
  if (name === 'address') return addressLine(value as AddressParts)
  if (name === 'appointment') return span((value as Appointment).start, (value as Appointment).end)
  return JSON.stringify(value)
}

