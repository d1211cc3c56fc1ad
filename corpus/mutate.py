"""Mistakes made by machine: small changes of the syntax tree of a program's forward and backward lines."""
import ast
import copy
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

PRODUCTS = ("dot", "matmul", "outer")
# What the two sides of a nonlinearity are called.
SIDES = ({"z", "a"}, {"Z", "A"}, {"z", "h"}, {"h", "a"})
SCALED = (ast.Mult, ast.Div)


@dataclass(frozen=True)
class Mutant:
    kind: str
    part: str        # forward or backward
    line: int
    before: str
    after: str
    tree: Callable     # makes the whole tree


def text(node):
    return ast.unparse(node)


class Changes:
    """What can be changed at one node: pairs of a kind and the node that takes its place (None: nothing does)."""

    def __init__(self, space):
        self.space = space
        self.arrays = {k: v for k, v in space.items() if isinstance(v, np.ndarray) and v.size > 1}

    def is_number(self, node):
        """Whether an operand is a single number: a count, a rate, a constant."""
        try:
            value = eval(compile(ast.Expression(copy.deepcopy(node)), "operand", "eval"), dict(self.space))
        except Exception:       # a name of inside a function or a loop
            return isinstance(node, ast.Constant)
        return np.ndim(value) == 0

    def of(self, node):
        method = getattr(self, f"of_{type(node).__name__}", None)
        return list(method(node)) if method else []

    def of_Attribute(self, node):
        if node.attr == "T":
            yield "transpose", node.value

    def of_UnaryOp(self, node):
        if isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
            yield "sign", node.operand

    def of_BinOp(self, node):
        left, op, right = node.left, node.op, node.right
        binary = lambda a, o, b: ast.BinOp(a, o, b)
        if isinstance(op, (ast.Sub, ast.MatMult)):
            yield "operands swapped", binary(right, op, left)
        if isinstance(op, ast.MatMult):
            yield "elementwise for dot", binary(left, ast.Mult(), right)
            yield "transpose", binary(ast.Attribute(left, "T", ast.Load()), op, right)
            yield "transpose", binary(left, op, ast.Attribute(right, "T", ast.Load()))
        if isinstance(op, ast.Add):
            yield "sign", binary(left, ast.Sub(), right)
        if isinstance(op, ast.Sub):
            yield "sign", binary(left, ast.Add(), right)
        if isinstance(op, (ast.Add, ast.Sub)):
            yield "term left out", left
            yield "term left out", right
        if isinstance(op, SCALED):
            for stays, goes in ((left, right), (right, left)):
                if stays is right and isinstance(op, ast.Div):
                    continue
                yield ("factor left out" if self.is_number(goes) else "mask or slope left out"), stays
        if isinstance(op, ast.Div):
            yield "factor", binary(left, ast.Mult(), right)
        if isinstance(op, ast.Pow) and isinstance(right, ast.Constant):
            yield "power", left
            yield "power", binary(left, op, ast.Constant(right.value + 1))

    def of_Compare(self, node):
        turned = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.LtE: ast.Gt}.get(type(node.ops[0]))
        if turned:
            yield "mask turned", ast.Compare(node.left, [turned()], node.comparators)

    def of_Call(self, node):
        function = node.func
        if not isinstance(function, ast.Attribute):
            return
        renamed = lambda name: ast.Call(ast.Attribute(function.value, name, ast.Load()), node.args, node.keywords)
        if function.attr in ("sum", "mean"):
            yield "sum for mean", renamed({"sum": "mean", "mean": "sum"}[function.attr])
        if function.attr == "where" and len(node.args) == 3:
            yield "mask turned", ast.Call(function, [node.args[0], node.args[2], node.args[1]], [])
        if function.attr in PRODUCTS and text(function.value) == "np":
            a, b = node.args
            yield "operands swapped", ast.Call(function, [b, a], [])
            yield "elementwise for dot", ast.BinOp(a, ast.Mult(), b)
            yield "transpose", ast.Call(function, [ast.Attribute(a, "T", ast.Load()), b], [])
            yield "transpose", ast.Call(function, [a, ast.Attribute(b, "T", ast.Load())], [])
        elif function.attr == "dot":
            yield "operands swapped", ast.Call(ast.Attribute(node.args[0], "dot", ast.Load()), [function.value], [])
            yield "elementwise for dot", ast.BinOp(function.value, ast.Mult(), node.args[0])
        if function.attr in ("sum", "mean", "max"):
            for i, word in enumerate(node.keywords):
                if word.arg == "axis":
                    rest = node.keywords[:i] + node.keywords[i + 1:]
                    other = ast.keyword("axis", ast.Constant(1 - word.value.value))
                    yield "axis", ast.Call(function, node.args, [other, *rest])
                    yield "axis", ast.Call(function, node.args, rest)
        if function.attr in ("sum", "mean") and len(node.args) == 1 and isinstance(node.args[0], ast.Constant):
            yield "axis", ast.Call(function, [ast.Constant(1 - node.args[0].value)], node.keywords)

    def of_Name(self, node):
        if not isinstance(node.ctx, ast.Load) or node.id not in self.arrays:
            return
        alike = [other for other, value in self.arrays.items() if other != node.id and value.dtype.kind == "f"
                 and value.shape == self.arrays[node.id].shape]
        pair = [other for other in alike if {node.id[0], other[0]} in SIDES and node.id[1:] == other[1:]]
        # Two others at most, not always the first ones.
        rest = sorted((other for other in alike if other not in pair), key=lambda o: crc32(f"{node.id} {o}".encode()))
        yield from (("a for z", ast.Name(other, ast.Load())) for other in pair)
        yield from (("another variable", ast.Name(other, ast.Load())) for other in rest[:2])

    def of_Subscript(self, node):
        """Entries of dictionaries and lists: another key, another layer."""
        for at in ast.walk(node.slice):
            if isinstance(at, ast.Constant) and isinstance(at.value, str):
                for a, b in (("A", "Z"), ("Z", "A"), ("a", "z"), ("z", "a")):
                    if a in at.value:
                        yield ("a for z" if at.value == a else "another variable"), self.with_(node, at, at.value.replace(a, b))
        for at in ast.walk(node.slice):
            if isinstance(at, ast.Name) and at.id in ("l", "i", "layer"):
                for step in (-1, 1):
                    yield "another layer", self.with_(node, at, ast.BinOp(ast.Name(at.id, ast.Load()), ast.Add(),
                                                                          ast.Constant(step)))

    @staticmethod
    def with_(node, old, new):
        new = new if isinstance(new, ast.AST) else ast.Constant(new)

        class Replace(ast.NodeTransformer):
            def visit(self, at):
                return new if at is old else self.generic_visit(at) if any(o is old for o in ast.walk(at)) else at
        place, found = copy.copy(node), old
        place.slice = new if node.slice is old else Replace().visit(copy_but(node.slice, found))
        return place

    def of_Assign(self, node):
        if isinstance(node.value, (ast.BinOp, ast.Call)):
            changed = lambda value: ast.Assign(node.targets, value)
            yield "sign", changed(ast.UnaryOp(ast.USub(), node.value))
            yield "factor", changed(ast.BinOp(ast.Constant(2), ast.Mult(), node.value))
        if isinstance(node.targets[0], ast.Subscript) and isinstance(node.value, ast.Constant):
            yield "line left out", None

    def of_AugAssign(self, node):
        yield "line left out", None
        if isinstance(node.op, ast.Add):
            load = copy.deepcopy(node.target)
            yield "= for +=", ast.Assign([load], node.value)
        if isinstance(node.op, (ast.Add, ast.Sub)):
            other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
            yield "sign", ast.AugAssign(node.target, other, node.value)

    def of_Constant(self, node):
        if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) and node.value not in (0,):
            yield "factor", ast.Constant(node.value * 2)


def copy_but(node, kept):
    """A deep copy that keeps one node itself, so that it is found again."""
    return copy.deepcopy(node, {id(kept): kept})


class Put(ast.NodeTransformer):
    """Puts a node in the place of another."""

    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        if node is self.old:
            return ast.copy_location(self.new, node) if self.new is not None else ast.copy_location(ast.Pass(), node)
        return self.generic_visit(node)


def sites(tree):
    """Every node with its statement and its parent, the indices and axes of constants left out."""
    def walk(node, statement, plain):
        if isinstance(node, ast.stmt):
            statement = node
        yield node, statement, plain
        for name, child in ast.iter_fields(node):
            for one in child if isinstance(child, list) else [child]:
                if not isinstance(one, ast.AST) or isinstance(one, ast.expr_context):
                    continue
                counted = (plain and not isinstance(one, ast.keyword) and not (isinstance(node, ast.Subscript) and name == "slice")
                           and not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) and name == "right")
                           and not (isinstance(node, ast.For) and name == "iter"))
                yield from walk(one, statement, counted)
    yield from walk(tree, None, True)


def mutants(program):
    """Every mutant of a program, in a fixed order."""
    changes = Changes(program.right.space)
    first, backward, last = (program.part[p] for p in ("forward", "backward", "saved"))
    for node, statement, plain in sites(program.tree):
        line = getattr(statement, "lineno", 0)
        if not first < line < last or isinstance(node, (ast.FunctionDef, ast.For, ast.If)):
            continue
        if isinstance(node, (ast.Constant, ast.Name)) and not plain:
            continue
        for kind, new in changes.of(node):
            after = text(replaced(statement, node, new))
            part = "forward" if line < backward else "backward"
            yield Mutant(kind, part, line, text(statement), after, lambda node=node, new=new: replaced(program.tree, node, new))


def replaced(tree, node, new):
    """A copy of a tree with one node replaced."""
    marked = copy.deepcopy(tree, {id(node): node})
    return copy.deepcopy(ast.fix_missing_locations(Put(node, copy.deepcopy(new)).visit(marked)))
