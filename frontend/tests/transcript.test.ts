import type { Segment } from '@/api/types'
import { asHeard, heardWords, clipOf, runsOf, segmentAt, type Mark } from '@/desk/transcript'
import { actionOf, SHORTCUTS } from '@/desk/keys'
import { placeLabels } from '@/replay/timeline'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'
import { ClockOffset } from '@/api/socket'
import { describe, expect, it } from 'vitest'

const mark = (start: number, end: number): Mark => ({ start, end, field: 'brand', order_id: 'O1' })
const segment = (start_ms: number, end_ms: number): Segment => ({ segment_id: 's', speaker: 'caller', start_ms, end_ms, text: 'x', shown: [], names: [], confidence: 1, words: [] })

describe('marked words', () => {
  it('cut the text without losing a character', () => {
    const runs = runsOf('我家格力空调漏水', [mark(4, 6), mark(2, 4)])
    expect(runs.map((run) => [run.text, !!run.mark])).toEqual([['我家', false], ['格力', true], ['空调', true], ['漏水', false]])
  })

  it('may overlap or reach beyond the text', () => {
    const runs = runsOf('abcdef', [mark(0, 4), mark(2, 99), mark(3, 4)])
    expect(runs.map((run) => run.text)).toEqual(['abcd', 'ef'])
  })
})

describe('text as people write it', () => {
  const text = '五栋二零二好的'
  const shown: [number, number, string][] = [[0, 1, '5'], [2, 5, '202'], [5, 5, '，'], [7, 7, '。']]
  const shownRuns = (marks: Mark[]) => runsOf(text, marks, shown).map((run) => [run.text, !!run.mark])

  it('shows digits and punctuation in place of what was spoken', () => {
    expect(shownRuns([])).toEqual([['5栋202，好的。', false]])
  })
  it('keeps the marks on their words, whole numbers at once', () => {
    expect(shownRuns([mark(0, 2)])).toEqual([['5栋', true], ['202，好的。', false]])
    expect(shownRuns([mark(2, 5), mark(5, 7)])).toEqual([['5栋', false], ['202', true], ['，', false], ['好的', true], ['。', false]])
    expect(shownRuns([mark(3, 4)])).toEqual([['5栋', false], ['202', true], ['，好的。', false]])
    expect(shownRuns([mark(5, 7)])).toEqual([['5栋202，', false], ['好的', true], ['。', false]])
  })
})

describe('a clip', () => {
  const evidence = { segment_id: 's', start_char: 0, end_char: 1, start_ms: 1000, end_ms: 2000 }
  it('has a breath before and after', () => {
    expect(clipOf(evidence, undefined)).toEqual({ start_ms: 750, end_ms: 2350 })
    expect(clipOf({ ...evidence, start_ms: 100 }, undefined)?.start_ms).toBe(0)
  })
  it('falls back to the whole utterance, and is null for text that was never audio', () => {
    const silent = { ...evidence, start_ms: null, end_ms: null }
    expect(clipOf(silent, segment(5000, 6000))).toEqual({ start_ms: 4750, end_ms: 6350 })
    expect(clipOf(silent, undefined)).toBeNull()
  })
  it('stays within what the server gives at once', () => {
    expect(clipOf({ ...evidence, end_ms: 200_000 }, undefined)?.end_ms).toBe(60_750)
  })
})

describe('the utterance at a moment', () => {
  it('is the last one begun', () => {
    const list = [segment(0, 10), segment(100, 110), segment(200, 210)]
    expect([-1, 0, 99, 100, 500].map((ms) => segmentAt(list, ms))).toEqual([-1, 0, 0, 1, 2])
  })
})

describe('labels on the time line', () => {
  it('go to the next row when they would lie on each other', () => {
    const placed = placeLabels([{ at_ms: 0 }, { at_ms: 10 }, { at_ms: 900 }], 1000, 1000, () => 60, 2)
    expect(placed.map(({ row }) => row)).toEqual([0, 1, 0])
  })
  it('stay inside the line', () => {
    const [before, after] = placeLabels([{ at_ms: -5000 }, { at_ms: 9000 }], 1000, 1000, () => 100, 2)
    expect(before?.left).toBe(0)
    expect(after?.left).toBe(0.9)
  })
})

describe('keys', () => {
  const press = (over: object) => actionOf({ key: '', code: '', altKey: false, ctrlKey: false, metaKey: false, typing: false, ...over })
  it('mean what the overlay says', () => {
    expect(press({ code: 'Enter', ctrlKey: true })?.action).toBe('save')
    expect(press({ code: 'KeyS', metaKey: true })?.action).toBe('save')
    expect(press({ code: 'KeyS', altKey: true })?.action).toBe('sound')
    expect(press({ code: 'Digit3', altKey: true })).toEqual({ action: 'switch', n: 3 })
    expect(press({ key: '?' })?.action).toBe('help')
  })
  it('leave plain typing alone', () => {
    expect(press({ key: '?', typing: true })).toBeNull()
    expect(press({ key: 's', code: 'KeyS' })).toBeNull()
    expect(press({ key: '3', code: 'Digit3' })).toBeNull()
  })
  it('are all explained in both languages', () => {
    for (const { text } of SHORTCUTS) for (const words of [zh.keys, en.keys]) expect(words).toHaveProperty(text)
  })
})

describe('the server clock', () => {
  it('is taken from the quickest ping', () => {
    const offset = new ClockOffset()
    offset.add(1000, 1400, 6200)
    offset.add(2000, 2010, 7005)
    offset.add(3000, 3900, 8900)
    expect(offset.ms).toBe(5000)
  })
})

describe('the two languages', () => {
  const holes = (text: string): string[] => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '').sort()
  const flat = (tree: object, path = ''): [string, string][] =>
    Object.entries(tree).flatMap(([key, value]) => (typeof value === 'string' ? [[path + key, value] as [string, string]] : flat(value as object, `${path}${key}.`)))

  it('fill in the same values', () => {
    const english = new Map(flat(en))
    for (const [path, text] of flat(zh)) expect(holes(english.get(path) ?? ''), path).toEqual(holes(text))
  })
})

describe('a name put right by its sound', () => {
  const put: Segment = { ...segment(0, 1), text: '我家各力空调两年', shown: [[2, 4, '格力'], [6, 7, '2'], [8, 8, '。']], names: [[2, 4, '格力']] }

  it('says what was heard, and the line can be read as it was heard', () => {
    expect(heardWords(put)).toEqual([{ word: '各力', name: '格力' }])
    const read = (shown: [number, number, string][]) => runsOf(put.text, [], shown).map((run) => run.text).join('')
    expect([read(put.shown), read(asHeard(put))]).toEqual(['我家格力空调2年。', '我家各力空调2年。'])
  })
})
