/** Forms by service type: what is asked, ready answers. */
import type { FieldName, OwnField } from '@/api/types/fields'
import type { IsoTime } from '@/api/types/wire'

/** What is asked for a service type, as a version. */
export interface FormDocument {
  service_type: string
  version: number
  questions: { field: FieldName; required: boolean; guidance: string }[]
  fields: OwnField[]
  replies: { name: string; text: string }[]
  steps: { title: string; blocks: string | null }[]
}

export interface Template {
  service_type: string
  label: string
  edit_version: number
  at: IsoTime | null
  by: string | null
  form: FormDocument
}

export interface Reply {
  name: string
  text: string
}
