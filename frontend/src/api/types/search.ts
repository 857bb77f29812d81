/** What the search box finds. */
import type { CallSummary } from '@/api/types/calls'
import type { Level } from '@/api/types/customers'
import type { OrderStatus } from '@/api/types/orders'
import type { IsoTime } from '@/api/types/wire'

export interface CustomerHit {
  customer_id: string
  name: string
  level: Level
  phone: string | null
  about: string
  why: 'phone' | 'serial' | 'model' | 'name' | 'pinyin' | 'text'
}

/** A run of text; `hit`: it is what was searched for. */
export interface Piece {
  text: string
  hit: boolean
}

export interface OrderHit {
  order_id: string
  number: string | null
  status: OrderStatus
  customer_id: string | null
  customer_name: string | null
  service_type: string | null
  appliance: string | null
  brand: string | null
  fault: string | null
  created_at: IsoTime
  snippet: Piece[]
}

export interface SearchAnswer {
  customers: CustomerHit[]
  orders: OrderHit[]
  calls: CallSummary[]
}
