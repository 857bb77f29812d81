import type { FormDocument } from '@/api/types'
import { choicesOf, formOfRows, moved, rowsOf } from '@/templates/form'
import { describe, expect, it } from 'vitest'

const floor = { name: 'floor', kind: 'choice' as const, label: '楼层', label_en: 'Floor', max_length: 200, choices: { low: '低', high: '高' } }
const form: FormDocument = {
  service_type: 'repair', version: 2,
  questions: [{ field: 'service_type', required: true, guidance: '' }, { field: 'floor', required: false, guidance: '问楼层' }],
  fields: [floor, { ...floor, name: 'unasked' }], replies: [{ name: 'a', text: 'b' }], steps: [{ title: 'c', blocks: null }],
}

describe('the form in rows', () => {
  it('comes back as it was, with what the editor does not show', () => {
    const { questions, fields, replies, steps } = form
    expect(formOfRows(rowsOf(form), form)).toEqual({ questions, fields, replies, steps })
  })

  it('takes changed answers and tasks, without those left empty', () => {
    const made = formOfRows(rowsOf(form), form, { replies: [{ name: ' x ', text: ' y' }, { name: '', text: ' ' }], steps: [{ title: ' ', blocks: null }, { title: 'z', blocks: 'complete' }] })
    expect([made.replies, made.steps]).toEqual([[{ name: 'x', text: 'y' }], [{ title: 'z', blocks: 'complete' }]])
  })

  it('takes the field away with its row', () => {
    expect(formOfRows(rowsOf(form).slice(0, 1), form).fields.map((one) => one.name)).toEqual(['unasked'])
  })

  it('reads choices line by line, a bare word standing for itself', () => {
    expect(choicesOf(' low = 低 \n\nhigh=高\nroof')).toEqual({ low: '低', high: '高', roof: 'roof' })
  })

  it('moves a row within the list', () => {
    expect(moved(['a', 'b', 'c'], 1, -1)).toEqual(['b', 'a', 'c'])
    expect(moved(['a', 'b', 'c'], 1, 1)).toEqual(['a', 'c', 'b'])
    expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b'])
  })
})
