import type { Order, Sla } from '@/api/types'
import { short, slaChip } from '@/orders/sla'
import { describe, expect, it } from 'vitest'

const NOW = Date.parse('2026-11-23T10:00:00Z')
const SLA: Sla = {
  tier: 'standard', respond_by: '2026-11-23T12:00:00Z', resolve_by: '2026-11-25T10:00:00Z', responded_at: null, resolved_at: null, paused: null, left_s: 86400, breached: [],
}
const order = (sla: Partial<Sla> | null, status = 'created'): Order => ({ status, sla: sla && { ...SLA, ...sla } }) as unknown as Order

describe('the chip of a service level', () => {
  it('says nothing about drafts and cancelled orders', () => {
    expect(slaChip(order(null), NOW)).toBeNull()
    expect(slaChip(order({}, 'cancelled'), NOW)).toBeNull()
  })
  it('counts to the response first, then to the resolution', () => {
    expect(slaChip(order({}), NOW)).toEqual({ word: 'respond_left', shade: '', mark: '', left: '2h' })
    expect(slaChip(order({ responded_at: '2026-11-23T09:00:00Z' }), NOW)).toEqual({ word: 'resolve_left', shade: '', mark: '', left: '2d' })
  })
  it('warns in the last hour and counts on when it is late', () => {
    expect(slaChip(order({}), NOW + 61 * 60_000)).toEqual({ word: 'respond_left', shade: 'warn', mark: '◔', left: '59m' })
    expect(slaChip(order({}), NOW + 125 * 60_000)).toEqual({ word: 'respond_late', shade: 'bad', mark: '!', left: '5m' })
  })
  it('stands while we wait and ends with how it went', () => {
    expect(slaChip(order({ paused: 'parts', resolve_by: null }), NOW)?.word).toBe('paused_parts')
    expect(slaChip(order({ paused: 'customer', resolve_by: null }), NOW)?.word).toBe('paused_customer')
    expect(slaChip(order({ resolved_at: '2026-11-24T10:00:00Z' }), NOW)?.word).toBe('kept')
    expect(slaChip(order({ resolved_at: '2026-11-26T10:00:00Z', breached: ['resolve'] }), NOW)?.word).toBe('broken')
  })
  it('tells time in one figure', () => {
    expect([short(0), short(59 * 60_000), short(60 * 60_000), short(47 * 3_600_000), short(48 * 3_600_000)]).toEqual(['0m', '59m', '1h', '47h', '2d'])
  })
})
