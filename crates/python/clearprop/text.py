"""A diagnosis and a check of gradients for a terminal."""

from __future__ import annotations

import textwrap

_MARKS = {
    "right": ("\u2713", "32", "right"),
    "inherited": ("~", "33", "follows what came before: its own line is right"),
    "overwritten": ("=", "33", "overwritten later, not judged"),
    "not-judged": ("?", "33", "cannot be judged from what came before"),
    "not-known": ("?", "33", "no known function gives these numbers"),
    "not-given": ("\u00b7", "2", "not given"),
}
_VERDICTS = {
    "correct": ("32", "Correct: every stage that you gave is right."),
    "incomplete": ("32", "Right as far as it goes.  The next line:"),
    "not known": ("33", "Not known: some stages could not be judged; what could be judged beside them is right."),
}


def of_diagnosis(diagnosis, width, colour):
    """The whole diagnosis in lines of at most so many characters (but right lines, which are to be copied)."""
    width = max(40, min(width, 100))

    def ink(code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if colour and text else text

    def entry(label, text, indent=11):
        lines = textwrap.wrap(text, width - indent) or [""]
        out.append(ink("2", f"{label:<{indent}}") + lines[0])
        out.extend(" " * indent + line for line in lines[1:])

    out = [ink("1", line) for line in textwrap.wrap(diagnosis._head, width)]
    for label, texts in (("  read as", diagnosis.conventions), ("  note", diagnosis.warnings)):
        for text in texts:
            entry(label, text)
    if diagnosis.ignored:
        entry("  ignored", ", ".join(diagnosis.ignored))
    names = max((len(stage.name) for stage in diagnosis.stages), default=0)
    shapes = max((len(_shape(stage.shape)) for stage in diagnosis.stages), default=0)
    way = ""
    for stage in diagnosis.stages:
        now = "backward" if stage.stage.startswith("d") else "forward"
        if now != way:
            out += ["", "  " + ink("2", now)]
            way = now
        mark, code, words = mark_of(stage)
        left = f"{stage.name:<{names}}  {_shape(stage.shape):<{shapes}}"
        out.append(f"  {ink(code, mark)} {ink('2', left) if stage.status == 'not-given' else left}  {ink(code, words)}")
    out.append("")
    if diagnosis.verdict == "wrong":
        out += [ink("31", f"  First wrong stage: {diagnosis.first_wrong}"), ""]
    else:
        code, words = _VERDICTS.get(diagnosis.verdict, _VERDICTS["not known"])
        out += [ink(code, "  " + line) for line in textwrap.wrap(words, width - 2)]
    for question in diagnosis.questions:
        entry("  question", question, 12)
    said = set()
    for stage in diagnosis.stages:
        if stage.status == "wrong" or stage.mistakes:
            for title, texts in explained(stage, said):
                out.append("  " + ink("1", title))
                for label, text in texts:
                    entry("    " + label, text, 12)
            if stage.right:
                out.append(ink("2", "    right   ") + ink("32", stage.right))
            out.append("")
        elif stage.right:
            out += [ink("2", "    right   ") + ink("32", stage.right), ""]
    for hint in diagnosis.hints:
        entry("  hint", hint)
    return "\n".join(out).rstrip() + "\n"


def mark_of(stage):
    """Mark, colour and words of a stage."""
    if stage.status != "wrong":
        return _MARKS[stage.status]
    mistakes = " or ".join(map(str, stage.mistakes))
    words = f"WRONG  mistake {mistakes}" if mistakes else "WRONG  not in the catalogue"
    return "\u2717", "31", words + ("  (not given, seen in what follows)" if stage.shape is None else "")


def explained(stage, said):
    """(title, [(label, text)]) for each mistake of a stage; what was `said` before is not said again."""
    from . import _core

    found = "; ".join(stage.evidence)
    if not stage.mistakes:
        return [(f"{stage.name}  nothing in the catalogue gives these numbers", [("found", found)])]
    if set(stage.mistakes) <= said:
        return [(f"{stage.name}  mistake {' or '.join(map(str, stage.mistakes))} again", [])]
    said.update(stage.mistakes)
    blocks = []
    for nth, number in enumerate(stage.mistakes):
        name, _, sign, why = _core.mistake(number)
        title = f"{stage.name}  {'or ' if nth else ''}mistake {number}: {name}"
        texts = [("sign", sign), ("found", found), ("why", why)] if nth == 0 else [("sign", sign), ("why", why)]
        blocks.append((title, [(label, text) for label, text in texts if text]))
    if stage.names:
        blocks[-1][1].append(("here", ", ".join(f"{letter} is {name}" for letter, name in stage.names)))
    return blocks


def _shape(shape):
    if shape is None:
        return ""
    return "(" + ", ".join(map(str, shape)) + ")"


def of_check(check, width, colour):
    """One line a tensor; below, the numbers of what fails."""

    def ink(code, text):
        return f"\x1b[{code}m{text}\x1b[0m" if colour else text

    names = max((len(one.name) for one in check.tensors), default=0)
    out = [ink("1", "Gradient check, by the slope of the loss")]
    out.append(f"  {'tensor':<{max(names, 6)}}  {'error':<9} {'checked':<12} {'kinks':>5}  verdict")
    for one in check.tensors:
        verdict, code = ("right", "32") if one.passed else ("WRONG", "31")
        if one.passed and not one.checked:
            verdict, code = "not checked: all at kinks", "2"
        error = f"{one.error:.1e}" if one.checked else "-"
        checked = f"{one.checked} of {one.size}"
        out.append(f"  {one.name:<{max(names, 6)}}  {error:<9} {checked:<12} {one.kinks:>5}  {ink(code, verdict)}")
    for one in check.tensors:
        if not one.passed and one.worst:
            worst = one.worst
            at = "[" + ", ".join(map(str, worst["index"])) + "]" if worst["index"] else ""
            text = f"{one.name}{at}: claimed {worst['claimed']:.6g}, slope {worst['numeric']:.6g}"
            if worst["claimed"] and worst["numeric"]:
                text += f", ratio {worst['claimed'] / worst['numeric']:.6g}"
            out += ["  " + line for line in textwrap.wrap(text, width - 2)]
    return "\n".join(out) + "\n"
