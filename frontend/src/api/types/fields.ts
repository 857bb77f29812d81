/** The fields of an order: what they hold, and where that came from. */
import type { AddressParts } from '@/api/types/customers'

export const FIELD_NAMES = [
  'service_type',
  'customer_name',
  'contact_phone',
  'appliance',
  'brand',
  'model',
  'fault',
  'error_code',
  'description',
  'onset',
  'intermittent',
  'address',
  'appointment',
  'purchase_date',
  'in_warranty_claim',
  'safety',
  'urgency',
  'prior_ticket',
  'sentiment_complaint',
] as const

/** One of FIELD_NAMES, or a field of the call centre's own that the order's form has. */
export type FieldName = string

/** A field that only the order's form has. */
export interface OwnField {
  name: FieldName
  kind: 'text' | 'choice' | 'flag'
  label: string
  label_en: string
  max_length: number
  choices: Record<string, string> | null
}

export interface Appointment {
  start: string | null
  end: string | null
}

export type FieldContent = string | boolean | AddressParts | Appointment | null
export type FieldSource = 'heard' | 'agent' | 'customer'
export type FieldState = 'heard' | 'confirmed' | 'inferred' | 'conflicting' | 'withdrawn' | 'edited' | 'accepted'

export interface Evidence {
  segment_id: string
  start_char: number
  end_char: number
  start_ms: number | null
  end_ms: number | null
}

export interface Field {
  value: FieldContent
  display: string
  source: FieldSource
  confidence: number | null
  state: FieldState
  rule: string | null
  evidence: Evidence[]
}

export type Fields = Partial<Record<FieldName, Field>>

export interface Option {
  value: string
  label: string
}

export interface Catalogue {
  service_types: Option[]
  appliances: string[]
  brands: string[]
  faults: Record<string, string[]>
  /** Names in English of appliances, brands and faults. */
  english: Record<string, string>
  required: Record<string, FieldName[]>
}
