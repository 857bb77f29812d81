/** Customers: the card of a pop, the whole record, its history. */
import type { Asset, Contract } from '@/api/types/assets'
import type { Appointment } from '@/api/types/fields'
import type { OrderStatus } from '@/api/types/orders'
import type { IsoTime } from '@/api/types/wire'

export const LEVELS = ['normal', 'member', 'vip', 'business'] as const
export type Level = (typeof LEVELS)[number]

export interface Phone {
  raw: string
  e164: string | null
  label: string | null
}

/** A phone of a customer's record; `display` is the number as people write it. */
export interface FiledPhone extends Phone {
  display: string
}

export interface AddressParts {
  province?: string | null
  city?: string | null
  district?: string | null
  detail?: string | null
}

export interface Address extends AddressParts {
  address_id: string
  display: string
}

export interface OrderBrief {
  order_id: string
  number: string | null
  status: OrderStatus
  service_type: string | null
  appliance: string | null
  brand: string | null
  fault: string | null
  created_at: IsoTime
  appointment: Appointment | null
}

export interface CustomerCard {
  customer_id: string
  name: string
  level: Level
  phones: Phone[]
  addresses: Address[]
  assets: Asset[]
  open_orders: OrderBrief[]
  past_orders: OrderBrief[]
  order_count: number
}

export interface CustomerRecord extends CustomerCard {
  edit_version: number
  notes: string
  openid: string | null
  miniprogram_openid: string | null
  created_at: IsoTime
  updated_at: IsoTime | null
  merged_into: string | null
  erased_at: IsoTime | null
  phones: FiledPhone[]
  addresses: (Address & { label: string | null })[]
  contracts: Contract[]
}

/** What the page changes of a record; an empty openid takes it off. */
export interface CustomerPatch {
  level: Level
  notes: string
  openid: string
  miniprogram_openid: string
}

export interface CustomerChange {
  customer_id: string
  at: IsoTime
  by: string
  field: string
  before: unknown
  after: unknown
  reason: string | null
}

export interface NewCustomer {
  name: string
  phone: string
  address?: AddressParts
  level?: Level
}
