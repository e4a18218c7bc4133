import attrs
import pytest

from wis_engine.errors import Malformed
from wis_engine.plain import from_plain, to_plain


@attrs.frozen(kw_only=True)
class Row:
    cells: tuple[int, str]
    below: "Row | None" = None


ROW = Row(cells=(1, "a"), below=Row(cells=(2, "b")))


def test_a_tuple_of_several_types_is_a_list_of_as_many():
    assert to_plain(ROW) == {"cells": [1, "a"], "below": {"cells": [2, "b"], "below": None}}
    assert from_plain(to_plain(ROW), Row) == ROW
    assert to_plain((1, ROW)) == [1, to_plain(ROW)]


@pytest.mark.parametrize("cells", [[1], [1, "a", 2], ["a", 1], "1a", {"1": "a"}, (1, "a"), None])
def test_other_shapes_are_malformed(cells):
    with pytest.raises(Malformed):
        from_plain({"cells": cells, "below": None}, Row)


@pytest.mark.parametrize("trusted", [True, False])
def test_data_nested_deeper_than_the_stack_is_malformed(trusted):
    data = to_plain(ROW)
    for _ in range(100_000):
        data = {"cells": [1, "a"], "below": data}
    with pytest.raises(Malformed):
        from_plain(data, Row, trusted=trusted)
