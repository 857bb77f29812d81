import type { Asset, PastRepair, Repair } from '@/api/types'
import { assetOf, noPart, partText, placeOf, recordOf, sheetOf, visitsOf } from '@/orders/repairs'
import { describe, expect, it } from 'vitest'

const repair = (repair_id: string, at: string, corrects: string | null = null, corrected_by: string | null = null): Repair =>
  ({ repair_id, order_id: 'o', at, by: 'u', finding: 'f', action: 'a', parts: [], minutes: null, corrects, corrected_by })

describe('the visits of an order', () => {
  it('are what holds, the newest first, each with all it stands in for', () => {
    const list = [repair('a', '1', null, 'b'), repair('b', '1', 'a', 'c'), repair('c', '1', 'b'), repair('d', '2')]
    expect(visitsOf(list).map(({ repair: one, earlier }) => [one.repair_id, earlier.map((old) => old.repair_id)])).toEqual([['d', []], ['c', ['b', 'a']]])
  })
  it('name a part with its number where there are several', () => {
    expect(partText({ name: '电容', quantity: 1, code: 'x' })).toBe('电容')
    expect(partText({ name: '电容', quantity: 2, code: '' })).toBe('电容 ×2')
  })
})

describe('the appliance that was repaired', () => {
  const asset = (asset_id: string, appliance: string, brand: string | null): Asset => ({ asset_id, appliance, brand }) as Asset
  const past = (appliance: string, brand: string | null, asset_id: string | null = null): PastRepair => ({ repair: repair('r', '1'), number: 'n', appliance, brand, asset_id })
  const owned = [asset('1', '空调', '格力'), asset('2', '空调', '美的'), asset('3', '冰箱', null)]
  it('is the one on file, also when another would fit better', () => {
    expect(assetOf(past('空调', '美的', '1'), owned)?.asset_id).toBe('1')
    expect(assetOf(past('空调', '美的', 'sold'), owned)).toBe(null)
  })
  it('is the only one of its kind and brand, and nobody guesses between two', () => {
    expect(assetOf(past('空调', '美的'), owned)?.asset_id).toBe('2')
    expect(assetOf(past('冰箱', '海尔'), owned)?.asset_id).toBe('3')
    expect(assetOf(past('空调', null), owned)).toBe(null)
    expect(assetOf(past('电视', null), owned)).toBe(null)
  })
})

describe('the sheet of a visit', () => {
  it('begins empty, or with what is to be corrected', () => {
    expect(sheetOf(null)).toEqual({ finding: '', action: '', parts: [], minutes: '' })
    const part = { name: '电容', quantity: 2, code: 'c' }
    const old = { ...repair('a', '1'), parts: [part], minutes: 30 }
    const sheet = sheetOf(old)
    expect(sheet).toEqual({ finding: 'f', action: 'a', parts: old.parts, minutes: 30 })
    for (const one of sheet.parts) one.name = 'x'
    expect(part.name).toBe('电容')
  })
  it('sends what was written, leaves out empty lines, and finds its way back to the line at fault', () => {
    const sheet = { finding: ' f ', action: 'a', parts: [noPart(), { name: ' 电容 ', code: '', quantity: '' as const }, { name: '', code: 'only', quantity: 1 }], minutes: '' as const }
    const sent = recordOf(sheet, 'r1')
    expect(sent).toEqual({ finding: 'f', action: 'a', parts: [{ name: '电容', code: '', quantity: 0 }, { name: '', code: 'only', quantity: 1 }], minutes: null, corrects: 'r1' })
    expect(placeOf(sheet, 'parts.0.quantity')).toBe('parts.1.quantity')
    expect(placeOf(sheet, 'parts.1.name')).toBe('parts.2.name')
    expect(placeOf(sheet, 'minutes')).toBe('minutes')
  })
})
