"""A right NumPy program, run so that each value it computes can be seen, changed or replaced.

A program is a plain script in four parts, each begun by a comment line: `# data`, `# forward`, `# backward`,
`# saved`.  The last one sets `saved`, the arrays that its author saves, and for the corpus `of`, the loss, and `by`:
what a saved array is the derivative by, where its name does not say so ({"delta2": z2}; with a factor (z2, m); None
where it is no derivative).

Every assignment of the syntax tree reports to a tape.  With it a value can be changed where it is made (finite
differences of the loss by anything), or every saved array replaced by somebody else's where it is complete: what the
right lines give from their values is the right answer to their mistake.
"""
import ast
import copy
import functools
from collections import Counter
from pathlib import Path

import numpy as np

from lines import same

PROGRAMS = Path(__file__).resolve().parent / "programs"
PARTS = ("data", "forward", "backward", "saved")
# What stands before a name to make it that of a derivative, the longest first.
PREFIXES = ("dL_d", "dJ_d", "grad_", "nabla_", "d_", "d")


def number(value):
    if isinstance(value, np.ndarray):
        return value.dtype.kind in "fiub" and value.size > 0
    return isinstance(value, (float, np.floating))


class Tape:
    """Every value as it was made: an event is (line, how often the line had run)."""

    def __init__(self, change=None, forced=None):
        self.change, self.forced = change or {}, forced or {}
        self.count, self.values, self.events, self.alive = Counter(), {}, {}, []

    def event(self, line, value):
        key = (line, self.count[line])
        self.count[line] += 1
        self.values[key] = np.array(value)
        return key

    def known(self, value, key):
        self.events.setdefault(id(value), []).append(key)
        self.alive.append(value)
        return value

    def made(self, line, value):
        """A value in an assignment; one that is known already is only passed on."""
        if isinstance(value, tuple):
            return tuple(self.made(line, one) for one in value)
        if isinstance(value, list):
            value[:] = [self.made(line, one) for one in value]
        elif isinstance(value, dict):
            for name in value:
                value[name] = self.made(line, value[name])
        if not number(value) or id(value) in self.events:
            return value
        key = self.event(line, value)
        if key in self.change:
            value = value + self.change[key]
        if key in self.forced:
            value = self.forced[key].copy() if np.ndim(self.forced[key]) else self.forced[key][()]
        return self.known(value, key)

    def written(self, line, value):
        """A value that was changed in place."""
        if not isinstance(value, np.ndarray):
            return self.made(line, value)
        key = self.event(line, value)
        if key in self.change:
            value += self.change[key]
        if key in self.forced and self.forced[key].shape == value.shape:
            value[...] = self.forced[key]
        return self.known(value, key)

    def put(self, line, into, at, value):
        """into[at] = value."""
        if isinstance(into, np.ndarray):
            into[at] = value
            self.written(line, into)
        else:
            into[at] = self.made(line, value)

    def added(self, line, into, at):
        """After into[at] += ..."""
        if isinstance(into, np.ndarray):
            self.written(line, into)
        else:
            into[at] = self.written(line, into[at])


class Reports(ast.NodeTransformer):
    """Puts the calls of the tape into a program."""

    def call(self, what, node, *arguments):
        function = ast.Attribute(ast.Name("TAPE", ast.Load()), what, ast.Load())
        return ast.Call(function, [ast.Constant(node.lineno), *arguments], [])

    def at(self, index):
        s = ast.Attribute(ast.Name("np", ast.Load()), "s_", ast.Load())
        return ast.Subscript(s, index, ast.Load())

    def visit_Assign(self, node):
        self.generic_visit(node)
        target = node.targets[0]
        if len(node.targets) == 1 and isinstance(target, ast.Subscript):
            return ast.Expr(self.call("put", node, target.value, self.at(target.slice), node.value))
        node.value = self.call("made", node, node.value)
        return node

    def visit_AugAssign(self, node):
        self.generic_visit(node)
        target = node.target
        if isinstance(target, ast.Subscript):
            return [node, ast.Expr(self.call("added", node, target.value, self.at(target.slice)))]
        load = ast.Name(target.id, ast.Load())
        return [node, ast.Assign([ast.Name(target.id, ast.Store())], self.call("written", node, load))]

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("append", "insert"):
            node.args[-1] = self.call("made", node, node.args[-1])
        return node


def compiled(tree):
    tree = Reports().visit(copy.deepcopy(tree))
    return compile(ast.fix_missing_locations(tree), "program", "exec")


class Run:
    """One run of a program: its saved arrays, and where each was made."""

    def __init__(self, code, tape=None):
        self.tape = tape or Tape()
        space = {"np": np, "TAPE": self.tape}
        with np.errstate(all="ignore"):
            exec(code, space)
        self.space = space
        self.saved, self.of, self.by = space["saved"], space["of"], space["by"]

    def events(self, value):
        return self.tape.events.get(id(value), [])


class Program:
    def __init__(self, path):
        self.name = path.stem
        self.source = path.read_text()
        self.tree = ast.parse(self.source)
        lines = self.source.splitlines()
        self.part = {part: lines.index(f"# {part}") + 1 for part in PARTS}
        self.code = compiled(self.tree)

    @functools.cached_property
    def right(self):
        return Run(self.code)

    def is_forward(self, event):
        return event[0] < self.part["backward"]

    @functools.cached_property
    def order(self):
        """The arrays that the program computes, in the order in which they are complete: {name: last event}."""
        events = list(self.right.tape.values)
        last = {}
        for name, value in self.right.saved.items():
            mine = [event for event in self.right.events(value) if event[0] >= self.part["forward"]]
            if number(value) and mine:
                last[name] = mine[-1]
        return dict(sorted(last.items(), key=lambda item: events.index(item[1])))

    @functools.cached_property
    def derivatives(self):
        """{saved name: (first event and last forward event of what it is the derivative by, factor)}"""
        run, out = self.right, {}
        for name in run.saved:
            by = run.by.get(name, "")
            factor = 1
            if isinstance(by, tuple):
                by, factor = by
            if isinstance(by, str):
                if name not in self.order or self.is_forward(self.order[name]):
                    continue
                stem = next((name[len(p):] for p in PREFIXES if name.startswith(p) and name[len(p):] in run.saved), None)
                if stem is None:
                    raise SystemExit(f"{self.name}: what is {name} the derivative by?")
                by = run.saved[stem]
            if by is not None:
                out[name] = ([e for e in run.events(by) if self.is_forward(e)][-1], factor)
        return out

    def slopes(self, code, names):
        """The derivatives of these names by finite differences of the loss of this code's forward pass."""
        out = {}
        base = Run(code)
        for name in names:
            event, factor = self.derivatives[name]
            value = base.tape.values.get(event)
            if value is None:
                continue
            slope = np.zeros(value.shape)

            def loss(at, h):
                change = np.zeros(value.shape)
                change[at] = h
                return float(np.squeeze(Run(code, Tape(change={event: change})).of))

            def central(at, h):
                wide, narrow = (loss(at, h) - loss(at, -h)) / (2 * h), (loss(at, h / 2) - loss(at, -h / 2)) / h
                return (4 * narrow - wide) / 3
            for at in np.ndindex(value.shape):
                one, two = central(at, 1e-3), central(at, 1e-4)
                slope[at] = one if abs(one - two) <= 1e-8 * (1 + abs(one)) else central(at, 1e-5)
            out[name] = factor * slope
        return out

    def from_their_values(self, saved):
        """What the right lines give where every array before is somebody else's: {name: value}."""
        forced = {event: np.asarray(saved[name]) for name, event in self.order.items() if name in saved}
        tape = Tape(forced=forced)
        try:
            Run(self.code, tape)
        except (ValueError, IndexError, TypeError):      # shapes that stop a right line
            pass
        return {name: tape.values[event] for name, event in self.order.items() if event in tape.values}


def programs():
    return [Program(path) for path in sorted(PROGRAMS.glob("*.py"))]


def check():
    """Every derivative that a program saves against finite differences."""
    wrong = arrays = 0
    for program in programs():
        slopes = program.slopes(program.code, program.derivatives)
        single = any(getattr(v, "dtype", None) == np.float32 for v in program.right.saved.values())
        for name, slope in slopes.items():
            arrays += 1
            if not same(program.right.saved[name], slope, 1e-3 if single else 1e-7):
                wrong += 1
                print(f"{program.name}: {name} is not the derivative\n{program.right.saved[name]}\n{slope}")
        if not slopes:
            print(f"{program.name}: no derivative to check")
            wrong += 1
    print(f"{len(programs())} programs, {arrays} derivatives by finite differences, {wrong} wrong")
    return wrong


if __name__ == "__main__":
    raise SystemExit(check() > 0)
