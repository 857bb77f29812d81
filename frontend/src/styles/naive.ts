/** The same colours for Naive UI's own parts. */
import type { GlobalThemeOverrides } from 'naive-ui'

const FONT = "'Noto Sans SC', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', system-ui, sans-serif"

function overrides(primary: string, hover: string, body: string, card: string, ink: string, faint: string): GlobalThemeOverrides {
  return {
    common: {
      primaryColor: primary,
      primaryColorHover: hover,
      primaryColorPressed: primary,
      primaryColorSuppl: primary,
      bodyColor: body,
      cardColor: card,
      modalColor: card,
      popoverColor: card,
      textColor1: ink,
      textColor2: ink,
      placeholderColor: faint,
      iconColor: faint,
      fontFamily: FONT,
      fontSize: '13px',
      fontSizeMedium: '13px',
      borderRadius: '5px',
    },
  }
}

export const LIGHT = overrides('#1d57a4', '#2a69bd', '#eceeed', '#ffffff', '#18201d', '#5f6b66')
export const DARK = overrides('#84b4f2', '#a3c8f7', '#101416', '#191f21', '#e3e9e7', '#95a19c')
