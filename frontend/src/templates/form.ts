/** A form as the editor shows it: one row per question, with the field's own description where the form brings it. */
import type { FieldName, FormDocument, OwnField } from '@/api/types'

export interface Row {
  field: FieldName
  required: boolean
  guidance: string
  /** Null for a field of every order. */
  own: OwnField | null
  /** Choices as typed, one `value=label` a line. */
  choices: string
}

export function rowsOf(form: FormDocument): Row[] {
  return form.questions.map((ask) => {
    const own = form.fields.find((one) => one.name === ask.field) ?? null
    const choices = Object.entries(own?.choices ?? {}).map(([value, label]) => `${value}=${label}`).join('\n')
    return { ...ask, own: own && { ...own }, choices }
  })
}

/** What is not a question: standard answers, and what has to be done. */
export type FormExtras = Pick<FormDocument, 'replies' | 'steps'>

export function extrasOf({ replies, steps }: FormDocument): FormExtras {
  return { replies: replies.map((one) => ({ ...one })), steps: steps.map((one) => ({ ...one })) }
}

/** The form to publish; own fields nobody asks for stay as `base` has them, rows left empty go. */
export function formOfRows(rows: readonly Row[], base: FormDocument, extras: FormExtras = base): Omit<FormDocument, 'service_type' | 'version'> {
  const asked = new Set(base.questions.map((one) => one.field))
  const own = rows.flatMap((row) => (row.own ? [{ ...row.own, name: row.field.trim(), choices: row.own.kind === 'choice' ? choicesOf(row.choices) : null }] : []))
  return {
    questions: rows.map(({ field, required, guidance }) => ({ field: field.trim(), required, guidance: guidance.trim() })),
    fields: [...own, ...base.fields.filter((one) => !asked.has(one.name))],
    replies: extras.replies.map(({ name, text }) => ({ name: name.trim(), text: text.trim() })).filter(({ name, text }) => name || text),
    steps: extras.steps.map(({ title, blocks }) => ({ title: title.trim(), blocks })).filter(({ title }) => title),
  }
}

export function choicesOf(text: string): Record<string, string> {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean)
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf('=')
    return at < 0 ? [line, line] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
  }))
}

export function newRow(): Row {
  return { field: '', required: false, guidance: '', choices: '', own: { name: '', kind: 'text', label: '', label_en: '', max_length: 200, choices: null } }
}

/** A row one place up or down. */
export function moved<T>(rows: readonly T[], at: number, by: 1 | -1): T[] {
  const next = [...rows]
  const [row] = next.splice(at, 1)
  if (row !== undefined) next.splice(Math.max(0, at + by), 0, row)
  return next
}
