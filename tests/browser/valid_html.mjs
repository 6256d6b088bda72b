// Validates HTML documents: standard input is JSON, [{ "name": …, "html": … }].
import { readFileSync } from 'node:fs';
import { HtmlValidate } from 'html-validate';

const validator = new HtmlValidate({
  root: true,
  extends: ['html-validate:standard', 'html-validate:a11y'],
  rules: {
    // A list may have a name.
    'aria-label-misuse': ['error', { allowAnyNamable: true }],
    // Matters of taste, not of validity.
    'doctype-style': 'off',
    'void-style': 'off',
    'no-trailing-whitespace': 'off',
    'attribute-boolean-style': 'off',
    'attribute-empty-style': 'off',
    'long-title': 'off',
    'prefer-native-element': 'off',
    'no-implicit-button-type': 'off',
  },
});

const pages = JSON.parse(readFileSync(0, 'utf8'));
let wrong = 0;
for (const { name, html } of pages) {
  const report = await validator.validateString(html, name);
  for (const { messages } of report.results) {
    for (const message of messages.filter((found) => found.severity === 2)) {
      wrong += 1;
      const line = html.split('\n')[message.line - 1]?.trim().slice(0, 160);
      console.log(`${name}:${message.line}:${message.column}: ${message.message} [${message.ruleId}]\n    ${line}`);
    }
  }
}
console.log(`${pages.length} pages validated, ${wrong} errors`);
process.exitCode = wrong > 0 || pages.length === 0 ? 1 : 0;
