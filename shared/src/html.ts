// The frame of the few pages that the server writes itself. What comes from outside, be it a provider's words, goes in by `escapeHtml`.

export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1b2733 }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #d5dde5 }
tr:target { background: #fff6d6 }
form { display: grid; gap: .75rem; max-width: 20rem }
label { display: grid; gap: .25rem }
input, button { font: inherit; padding: .4rem .6rem }
[role=alert] { color: #a3261b }
</style>
</head>
<body>
<h1>${title}</h1>
${body}
</body>
</html>
`;
}

/** Any text as it may stand in an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export type Cell = string | number | null;

/** A table whose every cell is escaped; a null shows as a dash. */
export function table(headings: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = (tag: 'th' | 'td', row: readonly Cell[]): string =>
    `<tr>${row.map((cell) => `<${tag}>${escapeHtml(String(cell ?? '–'))}</${tag}>`).join('')}</tr>`;
  return `<table><thead>${cells('th', headings)}</thead><tbody>${rows.map((row) => cells('td', row)).join('\n')}</tbody></table>`;
}
