/** Phone numbers for reading: grouped the way people say them. The server's own `number_display` comes first. */

const MOBILE = /^(?:\+?86)?(1\d{2})(\d{4})(\d{4})$/
const SERVICE = /^(400|800)(\d{3})(\d{4})$/
const LANDLINE = /^(010|02\d|0[3-9]\d{2})(\d{3,4})(\d{4})$/

/** 138 0013 8000, 400 812 3456, 0571 8765 4321; anything else as it came. */
export function phone(number: string | null | undefined): string {
  const text = number ?? ''
  const bare = text.replace(/[\s-]/g, '')
  const match = MOBILE.exec(bare) ?? SERVICE.exec(bare) ?? LANDLINE.exec(bare)
  return match ? match.slice(1).join(' ') : text
}
