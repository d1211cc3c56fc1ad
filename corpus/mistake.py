"""What a mistake is: wrong code in place of the right one, at one or several stages."""
from dataclasses import dataclass, field, replace

ANY = ("relu", "tanh", "logistic", "identity")
NONLINEAR = ("relu", "tanh", "logistic")
RELU = ("relu",)
SOFTMAX = ("softmax",)
KINDS = ("probs", "loss", "dlogits", "dw", "db", "da", "dz")


@dataclass(frozen=True)
class Mistake:
    id: int                      # the number in the catalogue
    variant: str                 # what the person wrote, in a few words
    code: dict                   # stage kind -> function(pass, layer) that computes the wrong value
    activations: tuple = ANY     # where it has a meaning
    losses: tuple = ("softmax", "squared", "logistic")
    layout: str = "any"          # "row": bias as last row of W; "separate": b beside W
    only: str = ""               # "" or the name of the one layout it can be seen in
    convention: dict = field(default_factory=dict)
    place: str = "any"           # layers: "any" subset that makes sense, "all" only, "first", "one" at a time
    below_top: bool = False      # a parameter mistake that needs a nonlinearity above its layer
    square: bool = False         # has the right shapes only where H = K
    plant: bool = True           # False: known only to find ties
    overwrites_z: bool = False   # z and a are one buffer: z is saved as a
    edits_probs: bool = False    # probs and dlogits are one buffer: probs is saved as dlogits
    stops: bool = False          # the shapes do not fit further down: the person's code stops there
    layers: frozenset = frozenset()

    def touches(self, kind, layer):
        return kind in self.code and (layer is None or layer in self.layers)

    def after(self, p):
        """What saving after the pass does to arrays that share a buffer."""
        if self.overwrites_z:
            for l in self.layers:
                p.stages[f"z{l}"] = p.stages[f"a{l}"]
        if self.edits_probs:
            p.stages["probs"] = p.stages["dlogits"]

    def fits(self, probe, layout):
        """Whether it can be made on this probe and seen in this layout."""
        return self.makes_sense(probe, layout.bias) and self.only in ("", layout.name)

    def makes_sense(self, probe, bias):
        """Whether it can be made on this probe by somebody who keeps the bias so."""
        return (probe.activation in self.activations and probe.loss in self.losses
                and self.layout in ("any", bias) and (bias == "row" or not self.only)
                and (not self.square or probe.sizes[-1] == probe.sizes[-2]))

    def placements(self, n_layers):
        """This mistake in all layers it can be in, and in each of them alone."""
        if not {"dw", "db", "da", "dz"} & set(self.code):
            return [self]
        hidden = {"da", "dz"} & set(self.code) or self.below_top
        layers = list(range(1, n_layers if hidden else n_layers + 1))
        if self.id == 26:
            layers = layers[1:]
        if not layers:
            return []
        sets = {"any": ([layers] if len(layers) > 1 else []) + [[l] for l in layers], "one": [[l] for l in layers],
                "all": [layers], "first": [[1]], "top": [layers[-1:]]}[self.place]
        return [replace(self, layers=frozenset(s)) for s in sets]

    def stages(self):
        """The canonical names of the stages where it is made, e.g. {"dw2", "dw1"}."""
        return {k if k in ("probs", "loss", "dlogits") else f"{k}{l}" for k in self.code for l in self.layers or [0]}
