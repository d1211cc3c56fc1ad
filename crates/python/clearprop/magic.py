"""``%load_ext clearprop``: a cell that begins with ``%%diagnose`` is run, and what it computed is diagnosed."""

from __future__ import annotations


def load(ipython):
    """Registers ``%%diagnose``."""

    def diagnose(line, cell):
        """Run the cell and diagnose the variables; names after ``%%diagnose`` choose among them."""
        from . import variables
        from .diagnosis import diagnose

        if ipython.run_cell(cell).success:
            chosen = line.split()
            everything = {k: v for k, v in ipython.user_ns.items() if not k.startswith("_")}
            known = {k: v for k, v in everything.items() if k not in variables._OF_A_NOTEBOOK}
            missing = [name for name in chosen if name not in known]
            if missing:
                raise NameError(f"there is no variable {', '.join(missing)}")
            diagnose({name: known[name] for name in chosen} if chosen else known)

    ipython.register_magic_function(diagnose, "cell", "diagnose")
