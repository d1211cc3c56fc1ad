"""A check of gradients for a terminal."""

from __future__ import annotations

import textwrap

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
