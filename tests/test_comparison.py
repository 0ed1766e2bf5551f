"""Two files are compared by their headers, and likely causes told."""

import numpy as np
import pytest

from d2l_rw import FormatError, compare, save
from tests.cases import CSR_INT32, ROWS

WEIGHT = np.ones((3, 2), 'float32')
BIAS = np.zeros(3, 'float32')
HIDDEN = {'hidden.weight': WEIGHT, 'hidden.bias': BIAS}
OUTPUT = {
    'output.weight': np.ones((5, 3), 'float32'),
    'output.bias': np.zeros(5, 'float32'),
}
STATISTICS = {
    'norm.gamma': BIAS,
    'norm.running_mean': np.full(3, 0.5, 'float32'),
}


@pytest.fixture
def paths(tmp_path):
    """Save two files; return their paths."""

    def paths(source, target):
        save(tmp_path / 'source', source)
        save(tmp_path / 'target', target)
        return tmp_path / 'source', tmp_path / 'target'

    return paths


def renamed(arrays, **layers):
    """Arrays under the names of other layers."""
    return {
        '.'.join(
            [
                layers.get(name.split('.')[0], name.split('.')[0]),
                name.split('.')[1],
            ]
        ): array
        for name, array in arrays.items()
    }


# Source, target, what `compare` tells: statuses and words of the causes.
PAIRS = {
    'the same': (HIDDEN, HIDDEN, {'match': 2}, []),
    'a missing array': (
        {'hidden.weight': WEIGHT},
        HIDDEN,
        {'match': 1, 'missing': 1},
        [],
    ),
    'an extra array': (
        HIDDEN,
        {'hidden.weight': WEIGHT},
        {'match': 1, 'extra': 1},
        ['the file has more: only=comparison.matching'],
    ),
    'another number of outputs': (
        OUTPUT,
        {name: array[:2] for name, array in OUTPUT.items()},
        {'shape': 2},
        [
            '5 outputs in the file, 2 expected: load the other layers with '
            'only='
        ],
    ),
    'transposed weights': (
        {'w': np.ones((2, 3))},
        {'w': np.ones((3, 2))},
        {'shape': 1},
        ['weights are stored as (inputs, outputs): transpose w'],
    ),
    'another number of dimensions': (
        {'w': np.ones((1, 3, 2))},
        {'w': np.ones((3, 2))},
        {'shape': 1},
        [],
    ),
    'another dtype': (
        HIDDEN,
        {name: array.astype('float16') for name, array in HIDDEN.items()},
        {'dtype': 2},
        ['float32 in the file, float16 expected: cast=True'],
    ),
    'a dtype that no cast mends': (
        {'w': WEIGHT},
        {'w': WEIGHT.astype('int32')},
        {'dtype': 1},
        ['float32 in the file, int32 expected: no cast'],
    ),
    'another storage': (
        {'rows': ROWS, 'matrix': ROWS.to_dense()},
        {'rows': ROWS.to_dense(), 'matrix': CSR_INT32},
        {'storage': 2},
        [],
    ),
    'a record without an array': (
        {'w': None},
        {'w': WEIGHT},
        {'storage': 1},
        [],
    ),
    'markers of the Module API': (
        {'arg:norm.gamma': BIAS, 'aux:norm.running_mean': BIAS},
        STATISTICS,
        {'missing': 2, 'extra': 2},
        [
            'the names are the same, behind arg: or aux: of export or the '
            'Module API'
        ],
    ),
    'a renamed layer': (
        {**HIDDEN, **renamed(OUTPUT, output='head')},
        {**HIDDEN, **OUTPUT},
        {'match': 2, 'missing': 2, 'extra': 2},
        ['a layer has another name: the shapes agree one to one'],
    ),
    'layers named in the old style': (
        {'net0_dense0_weight': WEIGHT, 'net0_dense0_bias': BIAS},
        HIDDEN,
        {'missing': 2, 'extra': 2},
        ['a layer has another name: the shapes agree one to one'],
    ),
    'the prefix of another network': (
        {f'mlp0_dense{n}_weight': WEIGHT for n in range(3)},
        {f'mlp12_dense{n}_weight': WEIGHT for n in range(3)},
        {'missing': 3, 'extra': 3},
        ['the names begin otherwise, with another prefix'],
    ),
    'a network inside another': (
        {**HIDDEN, **OUTPUT},
        {
            f'model.{name}': array
            for name, array in {**HIDDEN, **OUTPUT}.items()
        },
        {'missing': 4, 'extra': 4},
        ['the names begin otherwise, with another prefix'],
    ),
    'running statistics named as the Module API does': (
        {'bn_gamma': BIAS, 'bn_moving_mean': BIAS},
        STATISTICS,
        {'missing': 2, 'extra': 2},
        ['a layer has another name: the shapes agree one to one'],
    ),
    'layers that only their order tells apart': (
        renamed({'1.weight': WEIGHT, '2.weight': WEIGHT}),
        renamed({'a.weight': WEIGHT, 'b.weight': WEIGHT}),
        {'missing': 2, 'extra': 2},
        ['other names, but the same shapes in the same order: check'],
    ),
    'a list': (
        [*HIDDEN.values()],
        HIDDEN,
        {'missing': 2, 'extra': 2},
        ['other names, but the same shapes in the same order: check'],
    ),
    'another model': (
        {'w': np.ones(7)},
        HIDDEN,
        {'missing': 2, 'extra': 1},
        [],
    ),
    'an empty file': ({}, HIDDEN, {'missing': 2}, []),
}

# The names that the causes suggest.
RENAMES = {
    'markers of the Module API': {
        'arg:norm.gamma': 'norm.gamma',
        'aux:norm.running_mean': 'norm.running_mean',
    },
    'a renamed layer': {
        'head.weight': 'output.weight',
        'head.bias': 'output.bias',
    },
    'layers named in the old style': {
        'net0_dense0_weight': 'hidden.weight',
        'net0_dense0_bias': 'hidden.bias',
    },
    'the prefix of another network': {
        f'mlp0_dense{n}_weight': f'mlp12_dense{n}_weight' for n in range(3)
    },
    'a network inside another': {
        name: f'model.{name}' for name in [*HIDDEN, *OUTPUT]
    },
    'running statistics named as the Module API does': {
        'bn_gamma': 'norm.gamma',
        'bn_moving_mean': 'norm.running_mean',
    },
    'layers that only their order tells apart': {
        '1.weight': 'a.weight',
        '2.weight': 'b.weight',
    },
    'a list': {'0': 'hidden.weight', '1': 'hidden.bias'},
}


@pytest.mark.parametrize('name', PAIRS)
def test_pair_is_told_by_statuses_and_cause(name, paths):
    source, target, counts, causes = PAIRS[name]
    comparison = compare(*paths(source, target))
    found = [row.status for row in comparison.rows]
    assert {status: found.count(status) for status in found} == counts
    assert [cause.text for cause in comparison.causes] == causes
    assert comparison.rename == RENAMES.get(name, {})
    assert comparison.fits == (set(found) == {'match'})


@pytest.mark.parametrize('name', PAIRS)
def test_suggested_names_make_every_array_match(name, paths):
    source, target, _, _ = PAIRS[name]
    paths = paths(source, target)
    comparison = compare(*paths)
    again = compare(*paths, rename=comparison.rename)
    found = {row.name: row.found for row in again.rows}
    for old, new in comparison.rename.items():
        assert found[new].name == old
        assert new in again.matching
    assert set(again.matching) >= set(comparison.matching)


def test_nothing_is_suggested_where_two_layers_would_do(paths):
    layers = {f'{n}.weight': WEIGHT for n in range(3)}
    comparison = compare(*paths(layers, renamed(HIDDEN, hidden='x')))
    assert comparison.rename == {}


def test_table_shows_what_does_not_fit(paths, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    paths({**HIDDEN, 'extra\x1b': WEIGHT}, {**HIDDEN, **OUTPUT})
    assert str(compare('source', 'target')).splitlines() == [
        'source -> target: 2 match, 2 missing, 1 extra',
        'name           status   expected        found',
        '-------------  -------  --------------  --------------',
        'output.weight  missing  float32 (5, 3)',
        'output.bias    missing  float32 (5,)',
        r'extra\x1b      extra                    float32 (3, 2)',
    ]


def test_table_of_files_that_fit_is_one_line(paths, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    paths(HIDDEN, HIDDEN)
    assert str(compare('source', 'target')) == 'source -> target: 2 match'


def test_names_in_causes_cannot_control_the_terminal(paths):
    told = str(
        compare(*paths({'a\x1b.weight': WEIGHT}, {'b.weight': WEIGHT}))
    )
    assert r'  a\x1b.weight -> b.weight' in told.splitlines()


def test_names_are_data(paths):
    comparison = compare(
        *paths(
            {'a': BIAS, 'b': BIAS, 'c': BIAS[1:], 'old': WEIGHT},
            {'a': BIAS, 'c': BIAS, 'new': BIAS},
        )
    )
    assert comparison.matching == ['a']
    assert comparison.missing == ['new']
    assert comparison.extra == ['b', 'old']
    assert comparison.different == ['c']
    row = comparison.rows[1]
    assert str(row) == 'c: expected float32 (3,), got float32 (2,)'


def test_only_compares_layers_or_arrays_of_the_target(paths):
    paths = paths({**HIDDEN, 'x': BIAS}, {**HIDDEN, **OUTPUT})
    assert compare(*paths, only=['hidden']).fits
    comparison = compare(*paths, only=['hidden.bias', 'output'])
    assert comparison.matching == ['hidden.bias']
    assert comparison.missing == ['output.weight', 'output.bias']
    assert comparison.extra == []


def test_layers_of_the_old_style_can_be_chosen(paths):
    old = {'net0_dense0_weight': WEIGHT, 'net0_dense1_weight': WEIGHT}
    comparison = compare(*paths(old, old), only=['net0_dense1'])
    assert comparison.matching == ['net0_dense1_weight']


CASTS = [
    ('float32', 'float16', 'cast'),
    ('float16', 'float64', 'cast'),
    ('int64', 'float32', 'cast'),
    ('float32', 'int64', 'dtype'),
    ('bool', 'float32', 'dtype'),
    ('float32', 'float32', 'match'),
]


@pytest.mark.parametrize(('found', 'expected', 'status'), CASTS)
def test_cast_is_to_floating_point_alone(found, expected, status, paths):
    paths = paths({'w': WEIGHT.astype(found)}, {'w': WEIGHT.astype(expected)})
    assert compare(*paths, cast=True).rows[0].status == status
    plain = 'match' if found == expected else 'dtype'
    assert compare(*paths).rows[0].status == plain


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'only': []}, 'only: expected a name, got none'),
        ({'only': ['hiden']}, "only: .* got 'hiden'; there are: hidden"),
        ({'rename': {'x': 'hidden.bias'}}, "of the source, got 'x'; there"),
        ({'rename': {'hidden.bias': 'x'}}, "of the target, got 'x'; there"),
        (
            {'rename': {'hidden.bias': 'hidden.weight'}},
            "one array for 'hidden.weight', got 'hidden.weight' and 'hidden",
        ),
    ],
)
def test_names_that_are_nowhere_are_refused(options, message, paths):
    with pytest.raises(ValueError, match=message):
        compare(*paths(HIDDEN, HIDDEN), **options)


def test_one_name_instead_of_several_is_refused(paths):
    with pytest.raises(TypeError, match="several names, got 'hidden'"):
        compare(*paths(HIDDEN, HIDDEN), only='hidden')


def test_damaged_file_is_refused_by_name(paths):
    source, target = paths(HIDDEN, HIDDEN)
    target.write_bytes(target.read_bytes()[:-1])
    with pytest.raises(FormatError, match='target: name: expected'):
        compare(source, target)


def test_names_may_be_exchanged(paths):
    source, target = {'a': BIAS, 'b': WEIGHT}, {'b': BIAS, 'a': WEIGHT}
    comparison = compare(*paths(source, target), rename={'a': 'b', 'b': 'a'})
    assert comparison.fits


def test_two_markers_of_one_name_are_no_error(paths):
    source = {'arg:w': WEIGHT, 'aux:w': WEIGHT}
    comparison = compare(*paths(source, {'w': WEIGHT}))
    assert comparison.rename == {'arg:w': 'w'}
