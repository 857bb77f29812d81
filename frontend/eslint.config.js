import js from '@eslint/js'
import globals from 'globals'
import vue from 'eslint-plugin-vue'
import ts from 'typescript-eslint'
import vueParser from 'vue-eslint-parser'

export default ts.config(
  { ignores: ['dist', 'node_modules', 'src/api/openapi.d.ts'] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...vue.configs['flat/recommended'],
  {
    files: ['src/**/*.{ts,vue}', 'tests/**/*.ts', 'vite.config.ts'],
    languageOptions: {
      parser: vueParser,
      parserOptions: { parser: ts.parser, sourceType: 'module' },
      globals: { ...globals.browser, ...globals.node },
    },
    rules: {
      // TypeScript already reports unknown names.
      'no-undef': 'off',
      eqeqeq: 'error',
      'vue/component-api-style': ['error', ['script-setup']],
      'vue/no-v-html': 'error',
      'vue/no-unused-refs': 'error',
      // Layout of templates is a matter of reading, not of rules.
      'vue/max-attributes-per-line': 'off',
      'vue/singleline-html-element-content-newline': 'off',
      'vue/multiline-html-element-content-newline': 'off',
      'vue/html-self-closing': 'off',
      'vue/html-closing-bracket-newline': 'off',
      'vue/html-indent': 'off',
      'vue/first-attribute-linebreak': 'off',
      'vue/attributes-order': 'off',
      'vue/multi-word-component-names': 'off',
    },
  },
  { files: ['mock/**/*.mjs', 'eslint.config.js'], languageOptions: { globals: globals.node } },
)
