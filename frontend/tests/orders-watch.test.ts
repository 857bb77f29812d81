import { Rounds, SETTLE_MS, type Batch } from '@/orders/watch'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

const one = (id: string) => ({ ids: new Set([id]), others: new Set([id]) })
const names = (batch: Batch | undefined): string[] => [...(batch?.ids ?? [])]

describe('rounds of questions to the server', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    vi.stubGlobal('window', globalThis)
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  it('asks once for all that changed together', async () => {
    const asked: Batch[] = []
    const rounds = new Rounds((batch) => Promise.resolve(asked.push(batch) > 0))
    for (let i = 0; i < 30; i += 1) rounds.add(one(`o${i % 6}`))
    await vi.advanceTimersByTimeAsync(60 * SETTLE_MS)
    expect(asked.map((batch) => batch.ids.size)).toEqual([6])
  })
  it('keeps what changes while it asks for the next round', async () => {
    const asked: Batch[] = []
    let answer: (used: boolean) => void = () => undefined
    const rounds = new Rounds((batch) => new Promise((done) => { asked.push(batch); answer = done }))
    rounds.add(one('a'))
    await vi.advanceTimersByTimeAsync(SETTLE_MS)
    rounds.add(one('b'))
    await vi.advanceTimersByTimeAsync(10 * SETTLE_MS)
    expect(asked).toHaveLength(1)
    answer(true)
    await vi.advanceTimersByTimeAsync(SETTLE_MS)
    expect(asked.map(names)).toEqual([['a'], ['b']])
  })
  it('comes again with what could not be used, and not after the end', async () => {
    const asked: Batch[] = []
    const rounds = new Rounds((batch) => Promise.resolve(asked.push(batch) > 1))
    rounds.add({ everything: true })
    await vi.advanceTimersByTimeAsync(5 * SETTLE_MS)
    expect(asked.map((batch) => batch.everything)).toEqual([true, true])
    rounds.add(one('a'))
    rounds.stop()
    await vi.advanceTimersByTimeAsync(5 * SETTLE_MS)
    expect(asked).toHaveLength(2)
  })
})
