/** System fonts and colours of enough contrast in light and dark; narrow screens scroll tables, not the page. */
export const PAGE_STYLE = `
:root {
  --paper: #fff; --ink: #1c2024; --soft: #586069; --line: #d8dee4; --band: #f6f8fa; --link: #0b57d0;
  --added: #116329; --removed: #a40e26; --changed: #7d4e00; --alarm: #a40e26; --alarm-band: #ffebe9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f1216; --ink: #e6e9ec; --soft: #9aa4ae; --line: #30363d; --band: #171b21; --link: #8ab4f8;
    --added: #56d364; --removed: #ff9492; --changed: #e3b341; --alarm: #ff9492; --alarm-band: #3a1518;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto; padding: 2rem clamp(1rem, 4vw, 3rem) 4rem; max-width: 76rem;
  background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
a { color: var(--link); }
a:focus-visible, input:focus-visible, summary:focus-visible, .scroll:focus-visible {
  outline: 3px solid var(--link); outline-offset: 2px;
}
h1 { margin: 0 0 .25rem; font-size: 1.75rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .25rem; font-size: 1.2rem; }
code, td, tbody th { font-family: ui-monospace, "Liberation Mono", Menlo, monospace; font-size: .875rem; }
.kind { margin: 0; color: var(--soft); }
.verdict { margin: 0 0 1.5rem; font-size: 1.125rem; font-weight: 600; }
.verdict.same { color: var(--added); }
.verdict.differs { color: var(--changed); }
section > p { margin: 0 0 .5rem; color: var(--soft); }
nav { margin-top: 1.5rem; padding: .75rem 1rem; background: var(--band); border: 1px solid var(--line); border-radius: .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
nav .alarm { color: var(--alarm); font-weight: 600; font-size: .875rem; }
.filter { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin: .75rem 0 0; }
.filter[hidden] { display: none; }
.filter input {
  flex: 0 1 20rem; padding: .3rem .6rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--soft); border-radius: .375rem;
}
.notes, .outline { margin: .25rem 0; padding-left: 1.25rem; }
.outline { columns: 24rem; }
summary { padding: .25rem 0; color: var(--soft); cursor: pointer; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; }
caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
th, td { padding: .3rem .75rem .3rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-size: .8125rem; font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 500; }
tbody th, tbody td { overflow-wrap: anywhere; }
main table { table-layout: fixed; min-width: 46rem; }
main thead th:first-child { width: 11rem; }
main thead th:nth-child(2) { width: 38%; }
main .detailed thead th:nth-child(2) { width: 18%; }
main .detailed thead th:nth-child(5) { width: 34%; }
td span { white-space: nowrap; }
.sides { width: auto; }
.sides tbody th { font-family: inherit; color: var(--soft); white-space: nowrap; }
tr.added td:first-child { color: var(--added); }
tr.removed td:first-child { color: var(--removed); }
tr.changed td:first-child { color: var(--changed); }
tr.alarm { background: var(--alarm-band); }
tr.alarm td:first-child { color: var(--alarm); font-weight: 700; }
main tr > :first-child { padding-left: .5rem; }
.empty { opacity: .45; }
footer { margin-top: 3rem; color: var(--soft); border-top: 1px solid var(--line); }
@media print { nav { display: none; } .scroll { overflow: visible; } }
`;
