import { inOrder, inQueue, levelMood, longestSince, masked, waitMood } from '@/wall/figures'
import type { WallCall } from '@/wall/types'
import { describe, expect, it } from 'vitest'

function call(call_id: string, state: WallCall['state'], since: string): WallCall {
  return { call_id, state, direction: 'inbound', number: null, queue: null, arrived_at: since, answered_at: null, since, queued_at: null, interfaces: [] }
}

describe('masked', () => {
  it('shows enough of a number to recognise it and too little to dial it', () => {
    expect(masked('13800138000')).toBe('138 **** 8000')
    expect(masked('+8613800138000')).toBe('138 **** 8000')
    expect(masked('057188886666')).toBe('0571 **** 6666')
    expect(masked('4008123456')).toBe('400 *** 3456')
    expect(masked('+442079460123')).toBe('+44******0123')
  })
  it('leaves extensions as they are and hidden numbers empty', () => {
    expect(masked('1002')).toBe('1002')
    expect(masked(null)).toBe('')
    expect(masked('anonymous')).toBe('')
  })
})

describe('moods', () => {
  it('turn when a caller is late and again when very late', () => {
    expect([20_000, 20_001, 60_000, 60_001].map((ms) => waitMood(ms, 20))).toEqual(['calm', 'warn', 'warn', 'bad'])
  })
  it('of the service level say nothing without calls', () => {
    expect([null, 0.8, 0.79, 0.6, 0.59].map(levelMood)).toEqual(['calm', 'good', 'warn', 'warn', 'bad'])
  })
})

describe('calls', () => {
  const calls = [call('talks', 'talking', '1'), { ...call('new', 'waiting', '3'), queued_at: '3' }, { ...call('rings', 'ringing', '4'), queued_at: '1' }, call('menu', 'arriving', '0'), { ...call('old', 'waiting', '2'), queued_at: '2' }]
  it('come by need: the longest wait first', () => {
    expect(inOrder(calls).map((one) => one.call_id)).toEqual(['old', 'new', 'rings', 'menu', 'talks'])
  })
  it('have a longest wait only when somebody waits', () => {
    expect(inQueue(calls).map((one) => one.call_id)).toEqual(['new', 'rings', 'old'])
    expect(longestSince(inQueue(calls))).toBe('1')
    expect(longestSince([])).toBeNull()
  })
})
