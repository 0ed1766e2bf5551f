"""Tell why a file and a network do not fit each other."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from d2l_rw.arrays import ArraySpec
from d2l_rw.expectation import (
    DTYPE,
    EXTRA,
    FITTING,
    MISSING,
    SHAPE,
    UNKNOWN,
    Expectation,
    Row,
    casts,
    same_shape,
)

# What the Module API and `HybridBlock.export` put before names.
MARKERS = 'arg:', 'aux:'
BEHIND_MARKERS = ', behind arg: or aux: of export or the Module API'
# The last part of a name, which says what of a layer an array is.
KINDS = (
    'weight',
    'bias',
    'gamma',
    'beta',
    'running_mean',
    'running_var',
    'moving_mean',
    'moving_var',
)
# What the Module API calls the running statistics.
SAME_KIND = {'moving_mean': 'running_mean', 'moving_var': 'running_var'}


class Cause(NamedTuple):
    """A likely cause, and the names that would mend it.

    Attributes:
        text: the cause, and what to do; a sentence for people.
        rename: {name in the source: name in the target}, or empty.
    """

    text: str
    rename: dict[str, str]


def likely_causes(rows: list[Row], expected: Expectation) -> list[Cause]:
    """Return what may explain the rows that do not fit, names first."""
    return [*_other_names(rows, expected), *_other_forms(rows, expected)]


def _other_names(rows: list[Row], expected: Expectation) -> list[Cause]:
    """Find missing arrays among the extra ones, under other names.

    Each rule takes what the rules before it have left.
    """
    missing: dict[str, ArraySpec] = {}
    for row in rows:
        others = expected.shared.get(row.name, ())
        if row.status == MISSING and missing.keys().isdisjoint(others):
            missing[row.name] = row.expected
    extra = {r.found.name: r.found for r in rows if r.status == EXTRA}
    causes = []
    for rule, text in RULES:
        rename = rule(missing, extra, expected)
        for old, new in rename.items():
            del extra[old], missing[new]
        if rename:
            marked = any(old.startswith(MARKERS) for old in rename)
            reason = text + (BEHIND_MARKERS if marked else '')
            causes.append(Cause(reason, rename))
    return causes


def _by_marker(missing: dict, extra: dict, expected: Expectation) -> dict:
    return _agreeing({name: _plain(name) for name in extra}, missing, extra)


def _by_full_name(missing: dict, extra: dict, expected: Expectation) -> dict:
    """Match names such as `mlp0_dense0_weight`, whatever their prefix.

    The numbers count the networks of a process, so that a network made
    second expects `mlp1_`.
    """
    rests = {
        full.removeprefix(expected.prefix): name
        for name, full in expected.full_names.items()
    }
    prefixes: Counter[str] = Counter()
    for name in map(_plain, extra):
        starts = [i + 1 for i, char in enumerate(name) if char == '_']
        for start in [0, *starts]:
            prefixes[name[:start]] += name[start:] in rests
    if not prefixes:
        return {}
    prefix, _ = prefixes.most_common(1)[0]
    targets = {
        name: rests.get(_plain(name).removeprefix(prefix)) for name in extra
    }
    return _agreeing(targets, missing, extra)


def _by_prefix(missing: dict, extra: dict, expected: Expectation) -> dict:
    """Match names that begin otherwise: with `mlp0_`, or inside a layer."""
    new, old = _prefix(missing), _prefix(map(_plain, extra))
    rests = {name: _plain(name)[len(old) :] for name in extra}
    targets = {name: new + rest for name, rest in rests.items()}
    rename = _agreeing(targets, missing, extra)
    # One layer is rather a layer of another name.
    layers = {_split(rests[name])[0] for name in rename}
    return rename if len(layers) > 1 else {}


def _prefix(names: Iterable[str]) -> str:
    """Return what all names begin with, up to a dot or an underscore."""
    # Letter by letter, as these are no paths.
    common = os.path.commonprefix(list(names))  # noqa: RUF071
    return common[: max(common.rfind('.'), common.rfind('_')) + 1]


def _by_layer(missing: dict, extra: dict, expected: Expectation) -> dict:
    """Match layers whose arrays agree in kind and shape with no others'."""
    wanted, there = _layers(missing), _layers(extra)
    by_form: dict[tuple, list[str]] = defaultdict(list)
    for layer, arrays in there.items():
        by_form[_form(arrays)].append(layer)
    single: dict[str, str] = {}
    for layer, arrays in wanted.items():
        candidates = by_form.get(_form(arrays), [])
        if any(UNKNOWN in (spec.shape or ()) for spec in arrays.values()):
            candidates = [o for o in there if _same_layer(arrays, there[o])]
        if len(candidates) == 1:
            single[layer] = candidates[0]
    claims = Counter(single.values())
    return {
        there[other][kind].name: spec.name
        for layer, other in single.items()
        if claims[other] == 1
        for kind, spec in wanted[layer].items()
    }


def _by_order(missing: dict, extra: dict, expected: Expectation) -> dict:
    """Match all arrays in their order, if all of them agree."""
    pairs = list(zip(extra.values(), missing.values()))
    agree = len(missing) == len(extra) and all(
        same_shape(wanted, found) and _same_kind(wanted.name, found.name)
        for found, wanted in pairs
    )
    return {found.name: wanted.name for found, wanted in pairs if agree}


RULES = (
    (_by_marker, 'the names are the same'),
    (_by_full_name, 'the names are full ones, the old style of Gluon'),
    (_by_prefix, 'the names begin otherwise, with another prefix'),
    (_by_layer, 'a layer has another name: the shapes agree one to one'),
    (_by_order, 'other names, but the same shapes in the same order: check'),
)


def _agreeing(targets: dict, missing: dict, extra: dict) -> dict:
    """Keep the names of which arrays are missing and have the same shape."""
    taken: dict[str, str] = {}
    for name, new in targets.items():
        if new in missing and same_shape(missing[new], extra[name]):
            taken.setdefault(new, name)
    return {name: new for new, name in taken.items()}


def _plain(name: str) -> str:
    for marker in MARKERS:
        name = name.removeprefix(marker)
    return name


def _split(name: str) -> tuple[str, str]:
    """Return the layer and the kind of an array, by its name."""
    for kind in KINDS:
        if name.endswith((f'.{kind}', f'_{kind}')):
            return name[: -len(kind) - 1], SAME_KIND.get(kind, kind)
    layer, _, kind = name.rpartition('.')
    return layer, kind


def _layers(specs: dict[str, ArraySpec]) -> dict[str, dict[str, ArraySpec]]:
    layers: dict[str, dict[str, ArraySpec]] = defaultdict(dict)
    for name, spec in specs.items():
        layer, kind = _split(_plain(name))
        layers[layer][kind] = spec
    return layers


def _form(arrays: dict[str, ArraySpec]) -> tuple:
    """Return what layers are told apart by: the kinds and their shapes."""
    return tuple(sorted((kind, s.shape or ()) for kind, s in arrays.items()))


def _same_layer(wanted: dict, found: dict) -> bool:
    return wanted.keys() == found.keys() and all(
        same_shape(spec, found[kind]) for kind, spec in wanted.items()
    )


def _same_kind(wanted: str, found: str) -> bool:
    """Tell whether two names may be of one kind: a place is of any."""
    kinds = {_split(_plain(name))[1] for name in (wanted, found)}
    return len(kinds) == 1 or found.isdecimal() or wanted.isdecimal()


def _other_forms(rows: list[Row], expected: Expectation) -> list[Cause]:
    """Explain other dtypes, other shapes, unknown sizes and extra arrays."""
    texts = [
        *_dtypes([row for row in rows if row.status == DTYPE]),
        *_shapes([row for row in rows if row.status == SHAPE]),
    ]
    statuses = {row.status for row in rows}
    wrong = statuses - {*FITTING}
    if wrong == {EXTRA} != statuses:
        texts.append('the file has more: only=comparison.matching')
    if not expected.initialized and (not wrong or any(map(_unknown, rows))):
        texts.append('the network is not initialized: loading does that')
    return [Cause(text, {}) for text in texts]


def _dtypes(rows: list[Row]) -> list[str]:
    pairs = {(r.found.dtype, r.expected.dtype): r for r in rows}
    return [
        f'{found} in the file, {wanted} expected: '
        f'{"cast=True" if casts(row.found, row.expected) else "no cast"}'
        for (found, wanted), row in sorted(pairs.items())
    ]


def _shapes(rows: list[Row]) -> list[str]:
    pairs = [(r.found, r.expected) for r in rows]
    turned = [w.name for f, w in pairs if _turned(f.shape, w.shape)]
    texts = []
    if turned:
        layout = 'weights are stored as (inputs, outputs): transpose'
        texts.append(f'{layout} {", ".join(turned)}')
    sizes = {(f.shape[0], w.shape[0]) for f, w in pairs if _resized(f, w)}
    for found, wanted in sorted(sizes):
        texts.append(
            f'{found} outputs in the file, {wanted} expected: load the other '
            'layers with only='
        )
    return texts


def _unknown(row: Row) -> bool:
    return row.expected is not None and UNKNOWN in (row.expected.shape or ())


def _turned(found: tuple, wanted: tuple) -> bool:
    """Tell whether two matrices are each other's transposes by shape."""
    return len(wanted) == 2 and wanted == found[::-1]


def _resized(found: ArraySpec, wanted: ArraySpec) -> bool:
    """Tell whether the first dimensions alone differ, those of outputs."""
    if _turned(found.shape, wanted.shape) or not found.shape:
        return False
    rest = wanted._replace(shape=wanted.shape[1:])
    return len(wanted.shape) > 0 and same_shape(
        rest, found._replace(shape=found.shape[1:])
    )
