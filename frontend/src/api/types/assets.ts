/** What customers own and are owed: appliances, warranties, contracts, maintenance. Days are YYYY-MM-DD. */
import type { IsoTime } from '@/api/types/wire'

export type Warranty = 'in' | 'extended' | 'out' | 'unknown'
export type WarrantyBasis = 'law' | 'maker' | 'stated' | 'contract'

export interface Asset {
  asset_id: string
  appliance: string
  brand: string | null
  model: string | null
  serial: string | null
  purchased_on: string | null
  warranty_until: string | null
  warranty: Warranty
  warranty_basis: WarrantyBasis | null
}

/** An appliance with everything on file about it; days are YYYY-MM-DD. */
export interface FiledAsset extends Asset {
  edit_version: number
  customer_id: string
  installed_on: string | null
  replaced_on: string | null
  invoice_no: string
  stated_until: string | null
  retired_on: string | null
  notes: string
}

/** What can be said about an appliance; `warranty_until` is the last day on its warranty card. */
export interface AssetBody {
  appliance: string
  brand: string
  model: string
  serial: string
  invoice_no: string
  notes: string
  purchased_on: string | null
  installed_on: string | null
  warranty_until: string | null
  retired_on: string | null
}

/** Why a warranty stands as it does; `citation` names the article or paper. */
export interface WarrantyReason {
  code: string
  text: string
  text_en: string
  citation: string
  citation_en: string
}

export interface WarrantyVerdict {
  on: string
  part: string | null
  state: Warranty
  until: string | null
  basis: WarrantyBasis | null
  remedies: ('return' | 'exchange' | 'repair')[]
  reasons: WarrantyReason[]
}

export interface Contract {
  contract_id: string
  number: string
  customer_id: string
  asset_id: string | null
  kind: 'extended' | 'maintenance'
  starts_on: string
  ends_on: string
  covers_repair: boolean
  visits_included: number
  notes: string
  edit_version: number
}

export interface MaintenancePlan {
  plan_id: string
  asset_id: string | null
  title: string
  interval_months: number
  first_on: string
  ends_on: string | null
  next_on: string | null
  active: boolean
  stopped_because: 'by_hand' | 'visits_used_up' | 'asset_retired' | 'customer_gone' | null
  notes: string
  visits: { due_on: string; order_id: string | null; at: IsoTime }[]
}

/** The customer's word about the warranty against what is so. */
export interface OrderWarranty {
  asset_id: string | null
  claimed: boolean | null
  agrees: boolean | null
  warranty: WarrantyVerdict
}
