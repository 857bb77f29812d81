/** An appliance as a sheet to be written. Days are YYYY-MM-DD, '' for none. */
import type { AssetBody, FiledAsset } from '@/api/types'

export const TEXTS = ['appliance', 'brand', 'model', 'serial', 'invoice_no'] as const
export const DAYS = ['purchased_on', 'installed_on', 'warranty_until', 'retired_on'] as const
export type AssetSheet = Record<(typeof TEXTS)[number] | (typeof DAYS)[number] | 'notes', string>

export function sheetOf(asset: FiledAsset | null): AssetSheet {
  const { appliance = '', brand, model, serial, invoice_no = '', purchased_on, installed_on, stated_until, retired_on, notes = '' } = asset ?? {}
  return {
    appliance, brand: brand ?? '', model: model ?? '', serial: serial ?? '', invoice_no, notes,
    purchased_on: purchased_on ?? '', installed_on: installed_on ?? '', warranty_until: stated_until ?? '', retired_on: retired_on ?? '',
  }
}

/** What is sent: of a new appliance what was written, of one on file what differs. */
export function bodyOf(sheet: AssetSheet, asset: FiledAsset | null): Partial<AssetBody> {
  const before = sheetOf(asset)
  const changed = (Object.keys(sheet) as (keyof AssetSheet)[]).filter((name) => sheet[name].trim() !== before[name])
  const days: readonly string[] = DAYS
  return Object.fromEntries(changed.map((name) => [name, days.includes(name) ? sheet[name] || null : sheet[name].trim()]))
}
