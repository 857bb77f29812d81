import { ApiError, OfflineError } from '@/api/http'
import { fieldProblemText, problemText, type Words } from '@/format/problems'
import en from '@/i18n/en'
import zh from '@/i18n/zh-CN'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const DOCUMENT = readFileSync('../docs/reference/errors.md', 'utf8')
const [HEAD, FIELDS] = DOCUMENT.split('## One field')
const overHttp = [...(HEAD ?? '').matchAll(/^\| `([a-z_]+)` \| \d{3} \|/gm)].map((found) => found[1] ?? '')
const ofFields = [...(FIELDS ?? '').matchAll(/^\| `([a-z_]+)` \|/gm)].map((found) => found[1] ?? '')

function at(table: unknown, key: string): string | undefined {
  const found = key.split('.').reduce<unknown>((place, name) => (place as Record<string, unknown> | undefined)?.[name], table)
  return typeof found === 'string' ? found : undefined
}
const words = (table: unknown, locale: string): Words => ({ t: (key) => at(table, key) ?? key, te: (key) => at(table, key) !== undefined, locale })
const ZH = words(zh, 'zh-CN')
const EN = words(en, 'en')
const refused = (code: string, detail = 'the english sentence'): ApiError => new ApiError({ status: 400, code, detail })

describe('what went wrong', () => {
  it('has words in both languages for every documented code, and none that is not documented', () => {
    expect(overHttp.length).toBeGreaterThan(25)
    expect(Object.keys(zh.error.code).sort()).toEqual([...overHttp].sort())
    expect(Object.keys(en.error.code).sort()).toEqual([...overHttp].sort())
    expect(Object.keys(zh.error.field).sort()).toEqual([...ofFields].sort())
    expect(Object.keys(en.error.field).sort()).toEqual([...ofFields].sort())
  })

  it('is never the English sentence on a Chinese page', () => {
    for (const code of [...overHttp, 'brand_new']) expect(problemText(refused(code), ZH)).toMatch(/[一-龥]/)
    for (const code of [...ofFields, 'value_error', 'string_too_long']) expect(fieldProblemText({ code, message: 'English' }, ZH)).toMatch(/[一-龥]/)
  })

  it('is the sentence for English readers where many refusals share a code', () => {
    expect(problemText(refused('conflict'), EN)).toBe('the english sentence')
    expect(problemText(refused('file_too_large'), EN)).toBe(en.error.code.file_too_large)
  })

  it('knows the checker of shapes by our own words', () => {
    expect(fieldProblemText({ code: 'string_too_long', message: '' }, ZH)).toBe('太长')
    expect(fieldProblemText({ code: 'missing', message: '' }, ZH)).toBe('必填')
    expect(fieldProblemText({ code: 'string_too_short', message: '' }, ZH)).toBe('必填')
    expect(fieldProblemText({ code: 'int_parsing', message: '' }, ZH)).toBe('格式不对')
  })

  it('tells no answer from a refusal', () => {
    expect(problemText(new OfflineError('x'), ZH)).toBe(zh.error.offline)
    expect(problemText(new Error('bug'), ZH)).toBe(zh.error.title)
  })
})
