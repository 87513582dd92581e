"""Templates: values in the places of variables, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publishing.domain.errors import InvalidError
from publishing.domain.template import (
    HashtagGroup,
    Rendered,
    Template,
    group_problems,
    render_template,
    template_problems,
    with_marks,
)
from tests.builders import NOW


def build_template(text: str = "Hi {{ who }}!", **fields: Any) -> Template:
    defaults: dict[str, Any] = {"id": "T", "owner": "alice", "name": "greeting", "created_at": NOW, "updated_at": NOW}
    return Template(**{**defaults, **fields}, text=text)


def build_group(*hashtags: str, name: str = "launch") -> HashtagGroup:
    return HashtagGroup(id="G", owner="alice", name=name, hashtags=hashtags, created_at=NOW, updated_at=NOW)


def wrong(problems) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.code) for problem in problems]


class TestRendering:
    def test_puts_values_in_their_places(self):
        template = build_template("{{ who }} and {{who}}, in {{\tcity }}", title="For {{ who }}")

        rendered = render_template(template, {"who": "Ada", "city": "Rome"})

        assert rendered == Rendered(title="For Ada", text="Ada and Ada, in Rome")
        assert template.variables == ("who", "city")

    def test_names_everything_that_is_missing_unknown_or_wrong(self):
        template = build_template("{{ a }} {{ b }} {{ c }} {{ d }}")

        with pytest.raises(InvalidError) as refused:
            render_template(template, {"b": "x" * 2_001, "c": "\ud800", "d": "", "/": "?"})

        assert wrong(refused.value.problems) == [
            ("/values/a", "required"), ("/values/b", "too_long"), ("/values/c", "not_text"), ("/values/~1", "unknown"),
        ]  # fmt: skip

    @given(value=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=200))
    def test_takes_any_value_as_it_is(self, value: str):
        assert render_template(build_template("<{{ who }}>"), {"who": value}).text == f"<{value}>"

    @pytest.mark.parametrize(
        "value", ["{{ who }}", "{{ other }}", "{% now %}", "${1}", r"\g<0>", "%(who)s", "{0.__class__}"]
    )
    def test_runs_nothing_and_passes_over_the_text_once(self, value: str):
        rendered = render_template(build_template("{{ other }}{{ who }}"), {"who": value, "other": "-"})

        assert rendered.text == f"-{value}"

    def test_ends_where_a_text_would_be_too_long(self):
        template = build_template("x" * 65_000 + "{{ a }}")

        with pytest.raises(InvalidError, match="at most 65,536"):
            render_template(template, {"a": "y" * 1_000})

    def test_of_a_text_without_variables_gives_the_text(self):
        assert render_template(build_template("As it is."), {}).text == "As it is."


class TestATemplate:
    @pytest.mark.parametrize(
        "text", ["{{ }}", "{{ 1a }}", "{{ a.b }}", "{{ a|safe }}", "{{ a", "a }}", "{{ ä }}", "{{ a\n}}"]
    )
    def test_says_which_braces_are_no_variable(self, text: str):
        assert wrong(template_problems(build_template(text))) == [("/text", "bad_variable")]

    def test_may_hold_single_braces(self):
        assert not [*template_problems(build_template("{ a } and {% b %}"))]

    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ({"text": " "}, ("/text", "blank")),
            ({"name": "\u200b"}, ("/name", "bad_name")),
            ({"name": "a\nb"}, ("/name", "bad_name")),
            ({"name": "n" * 101}, ("/name", "too_long")),
            ({"title": "t" * 301}, ("/title", "bad_title")),
            ({"title": "{{ }}"}, ("/title", "bad_variable")),
            ({"text": "".join(f"{{{{ v{n} }}}}" for n in range(31))}, ("/text", "too_many")),
        ],
    )
    def test_says_what_is_wrong_with_it(self, fields: dict[str, str], problem: tuple[str, str]):
        assert wrong(template_problems(build_template(**fields))) == [problem]


class TestAGroup:
    def test_has_each_hashtag_once_with_its_mark(self):
        assert with_marks(("a", "#b")) == ("#a", "#b")
        assert not [*group_problems(build_group("#Straße", "#2026goals", "#東京", "#a_b"))]
        assert wrong(group_problems(build_group("#Launch", "#launch"))) == [("/hashtags/1", "doubled")]

    @pytest.mark.parametrize("hashtag", ["#", "#a b", "##a", "#2026", "#a#b", "#a-b", "#" + "a" * 100])
    def test_takes_words_only(self, hashtag: str):
        assert wrong(group_problems(build_group(hashtag))) == [("/hashtags/0", "bad_hashtag")]

    @pytest.mark.parametrize("size", [0, 31])
    def test_has_one_to_thirty(self, size: int):
        assert wrong(group_problems(build_group(*(f"#a{n}" for n in range(size))))) == [("/hashtags", "out_of_range")]
