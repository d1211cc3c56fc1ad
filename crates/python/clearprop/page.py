"""A diagnosis and a check of gradients as HTML for notebooks: light and dark, nothing from the network."""

from __future__ import annotations

from html import escape

from . import _core

# Colours follow the notebook's theme (JupyterLab, VS Code), else the system's.
_STYLE = """
<style>
.clearprop{--good:#1a7f37;--bad:#cf222e;--care:#9a6700;--faint:#656d76;--line:#d0d7de;--code:#f6f8fa;
 color:var(--jp-content-font-color1,inherit);font:14px/1.5 system-ui,sans-serif;max-width:60em}
@media screen and (prefers-color-scheme:dark){.clearprop{--good:#3fb950;--bad:#ff7b72;--care:#d29922;--faint:#8d96a0;--line:#3d444d;--code:#161b22}}
[data-jp-theme-light="true"] .clearprop{--good:#1a7f37;--bad:#cf222e;--care:#9a6700;--faint:#656d76;--line:#d0d7de;--code:#f6f8fa}
[data-jp-theme-light="false"] .clearprop,.vscode-dark .clearprop{--good:#3fb950;--bad:#ff7b72;--care:#d29922;--faint:#8d96a0;--line:#3d444d;--code:#161b22}
.clearprop p{margin:.3em 0}.clearprop .verdict{font-weight:600;font-size:1.1em}
.clearprop .faint{color:var(--faint)}.clearprop .good{color:var(--good)}.clearprop .bad{color:var(--bad)}
.clearprop .care{color:var(--care)}
.clearprop table{border-collapse:collapse;margin:.6em 0}
.clearprop td,.clearprop th{text-align:left!important;padding:.2em .8em .2em 0;border-bottom:1px solid var(--line);vertical-align:top}
.clearprop .whole{white-space:nowrap}.clearprop tr:has(+.more)>td{border-bottom:0}
.clearprop code{font-family:ui-monospace,monospace;background:none}
@media print{.clearprop details::details-content{content-visibility:visible;height:auto}.clearprop tr{break-inside:avoid}}
.clearprop details>summary{cursor:pointer}.clearprop dl{margin:.3em 0 .6em 1.2em;display:grid;grid-template-columns:max-content 1fr;gap:.1em .8em}
.clearprop dt{color:var(--faint);font-weight:400}.clearprop dd{margin:0}
.clearprop .right{display:flex;gap:.6em;align-items:center;background:var(--code);border:1px solid var(--line);border-radius:6px;padding:.4em .7em;margin:.4em 0}
.clearprop .right code{flex:1;white-space:pre-wrap}
.clearprop math{font-size:1.4em;vertical-align:middle}
.clearprop button{font:inherit;font-size:.85em;color:inherit;background:none;border:1px solid var(--line);border-radius:6px;padding:.1em .6em;cursor:pointer}
</style>
"""
_COPY = (
    "navigator.clipboard.writeText(this.previousElementSibling.textContent);"
    "this.textContent='copied';setTimeout(()=>this.textContent='copy',1500)"
)


def of_diagnosis(diagnosis):
    """The page of a diagnosis: verdict, right line, a table of stages with the wrong ones open."""
    kind, words = diagnosis._found.summary()
    out = [_STYLE, '<div class="clearprop">', f'<p class="verdict {kind}" role="heading" aria-level="1">{escape(words)}</p>']
    if diagnosis.right_line:
        out.append(right_line(diagnosis.right_line))
    out.append(f'<p class="faint">{escape(diagnosis._found.head())}</p>')
    out += [f"<p>{escape(question)}</p>" for question in diagnosis.questions + diagnosis.hints]
    out.append(_stages(diagnosis))
    rest = [("read as", one) for one in diagnosis.conventions] + [("note", one) for one in diagnosis.warnings]
    if diagnosis.ignored:
        rest.append(("ignored", ", ".join(diagnosis.ignored)))
    if rest:
        out.append(f"<details><summary>How it was read</summary>{_list(rest)}</details>")
    return "".join([*out, "</div>"])


def whole(diagnosis):
    """The same as a file of its own."""
    words = escape(diagnosis._found.summary()[1])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{words}</title>\n"
        "<style>:root{color-scheme:light dark;background:Canvas;color:CanvasText}body{margin:1.5em auto;padding:0 1em;max-width:60em}"
        "main{overflow-x:auto}</style>\n"
        f"<main>{of_diagnosis(diagnosis)}</main>\n</html>\n"
    )


def _stages(diagnosis):
    rows, said = [], set()
    for stage, (mark, kind, words) in zip(diagnosis.stages, diagnosis._found.marks()):
        shape = "" if stage.shape is None else escape(str(tuple(stage.shape)))
        rows.append(
            f'<tr><td class="{kind}">{mark}</td><td><code>{escape(stage.name)}</code></td>'
            f'<td class="faint whole">{shape}</td><td class="faint">{escape(stage.role)}</td>'
            f'<td class="{kind}">{escape(words)}</td></tr>'
        )
        inner = []
        if stage.status == "wrong" or stage.mistakes:
            inner = [f"<p><b>{escape(title)}</b></p>{_list(texts)}" for title, texts in _explained(stage, said)]
            inner[:0] = _formula(stage)
        if stage.right:
            inner.append(right_line(stage.right))
        if inner:
            is_open = " open" if stage.status == "wrong" else ""
            about = f"{escape(stage.name)}, explained" if len(inner) > 1 or not stage.right else "the right line"
            told = f"<details{is_open}><summary>{about}</summary>{''.join(inner)}</details>"
            rows.append(f'<tr class="more"><td></td><td colspan="4">{told}</td></tr>')
    return "<table>" + "".join(rows) + "</table>"


def _formula(stage):
    """The stage's formula, typeset, where it is one for all networks."""
    if not stage.stage.startswith(("dw[", "db[", "da[", "dz[")):
        return []
    return [f"<p>{_core.stage(stage.stage)['mathml']} <span class=\"faint\">(a row of x is a sample)</span></p>"]


def _explained(stage, said):
    """(title, [(label, text)]) for each mistake of a stage; what was `said` before is not said again."""
    found = "; ".join(stage.evidence)
    if not stage.mistakes:
        return [("nothing in the catalogue gives these numbers", [("found", found)])]
    if set(stage.mistakes) <= said:
        return [(f"mistake {' or '.join(map(str, stage.mistakes))} again", [])]
    said.update(stage.mistakes)
    blocks = []
    for nth, number in enumerate(stage.mistakes):
        name, _, sign, why = _core.mistake(number)
        texts = [("sign", sign), ("found", found if nth == 0 else ""), ("why", why)]
        blocks.append((f"{'or ' if nth else ''}mistake {number}: {name}", [(a, text) for a, text in texts if text]))
    if stage.names:
        blocks[-1][1].append(("here", ", ".join(f"{letter} is {name}" for letter, name in stage.names)))
    return blocks


def right_line(line):
    """A line of code with a button that copies it."""
    return f'<div class="right"><code>{escape(line)}</code><button onclick="{_COPY}">copy</button></div>'


def _list(texts):
    return "<dl>" + "".join(f"<dt>{escape(label)}</dt><dd>{escape(text)}</dd>" for label, text in texts) + "</dl>"


def of_check(check):
    """The page of a check of gradients."""
    rows = []
    for one in check.tensors:
        kind, words = ("good", "right") if one.passed else ("bad", "wrong")
        if one.passed and not one.checked:
            kind, words = "faint", "not checked: all at kinks"
        error = f"{one.error:.1e}" if one.checked else ""
        rows.append(
            f"<tr><td><code>{escape(one.name)}</code></td><td>{error}</td><td>{one.checked} of {one.size}</td>"
            f'<td>{one.kinks}</td><td class="{kind}">{words}</td></tr>'
        )
    head = "<tr><th>tensor</th><th>error</th><th>checked</th><th>kinks</th><th></th></tr>"
    return f'{_STYLE}<div class="clearprop"><table>{head}{"".join(rows)}</table></div>'


def of_table(columns, rows):
    """A plain table."""
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f'{_STYLE}<div class="clearprop"><table><tr>{head}</tr>{body}</table></div>'
