import type { Change, OwnField } from '@/api/types'
import { changeText, type Voice } from '@/orders/lines'
import { describe, expect, it } from 'vitest'

const floor: OwnField = { name: 'floor', kind: 'choice', label: '楼层', label_en: 'Floor', max_length: 40, choices: { high: '七楼以上', low: '六楼以下' } }
const voice: Voice = {
  t: (key, named) => (named ? `${key} ${JSON.stringify(named)}` : key),
  te: () => false,
  names: {},
  fieldLabel: (name) => (name === floor.name ? floor.label : name),
  ownFields: [floor],
}

function change(field: string, before: unknown, after: unknown): Change {
  return { field, before, after } as Change
}

describe('a change in words', () => {
  it("names a form's own field and its choices as the form does", () => {
    expect(changeText(change('floor', 'high', 'low'), voice)).toBe('orders.change {"field":"楼层","before":"七楼以上","after":"六楼以下"}')
  })
  it('says that something is linked, never its key, and a step or decision by its name', () => {
    const known = { ...voice, te: () => true }
    expect(changeText(change('asset_id', null, '01JKEY'), known)).toBe('orders.set {"field":"orders.f.asset_id","before":"orders.unlinked","after":"orders.linked"}')
    expect(changeText(change('repair', '01JKEY', '01JOTHER'), known)).toBe('repair.corrected')
    expect(changeText(change('approval', 'cancel', 'approved'), known)).toContain('"before":"orders.s.cancel","after":"orders.approved"')
    expect(changeText(change('approval', null, 'goodwill 5000'), known)).toContain('"after":"orders.s.goodwill ¥50.00"')
    expect(changeText(change('task', 'open', 'done'), known)).toContain('"after":"orders.task_done"')
  })
  it('keeps the name of a field that nobody can tell any more', () => {
    expect(changeText(change('gone', null, 'x'), voice)).toContain('"field":"gone"')
  })
})
