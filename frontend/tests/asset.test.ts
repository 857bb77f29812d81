import type { FiledAsset } from '@/api/types'
import { bodyOf, sheetOf } from '@/customers/asset'
import { describe, expect, it } from 'vitest'

describe("an appliance's sheet", () => {
  it('sends of a new one what was written', () => {
    expect(bodyOf({ ...sheetOf(null), appliance: '空调 ', purchased_on: '2026-03-05' }, null)).toEqual({ appliance: '空调', purchased_on: '2026-03-05' })
  })

  it('sends of one on file what differs, an emptied day as none', () => {
    const asset = { appliance: '空调', brand: '格力', model: null, serial: 'G1', invoice_no: '', purchased_on: '2026-03-05', installed_on: null, stated_until: '2030-01-01', retired_on: null, notes: '' } as FiledAsset
    expect(bodyOf(sheetOf(asset), asset)).toEqual({})
    expect(bodyOf({ ...sheetOf(asset), serial: 'G2', warranty_until: '' }, asset)).toEqual({ serial: 'G2', warranty_until: null })
  })
})
