"""Forms per service type: what is asked and required, own fields, standard answers, steps of every order."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints

from callcenter.web.api.work_orders import stamp
from callcenter.web.ask import Ask, Id, Input
from callcenter.web.errors import VersionStale
from workorder.commands import SetTemplate
from workorder.fields import Ask as FormAsk
from workorder.fields import FieldSpec, Kind, Reply, Step
from workorder.policy.lifecycle import Action
from workorder.services import orders
from workorder.services import templates as forms
from workorder.views.casework import ReplyView, TemplateView
from workorder.views.pages import Page

Service = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,20}$")]
Label = Annotated[str, StringConstraints(min_length=1, max_length=80)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Words = Annotated[str, StringConstraints(max_length=500)]


class VersionQuery(Input):
    """Which version; without it the one in force, 0 for the built-in one."""

    version: Annotated[int, Field(ge=0, le=10**6)] | None = None


class QuestionBody(Input):
    """A question, in its place in the order of the talk."""

    field: Name
    required: bool = False
    guidance: Words = ""


class FieldBody(Input):
    """A field of the call centre's own."""

    name: Name
    kind: Literal["text", "choice", "flag"]
    label: Label
    label_en: Label
    max_length: int = Field(default=200, ge=1, le=2000)
    choices: Annotated[dict[Name, Label], Field(max_length=100)] | None = None


class ReplyBody(Input):
    """A standard answer; names of fields in braces are filled in."""

    name: Label
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class StepBody(Input):
    """Something to do for every order of this kind; ``blocks``: the step that waits for it."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    blocks: Action | None = None


class FormBody(Input):
    """A whole form."""

    questions: tuple[QuestionBody, ...] = Field(max_length=40)
    fields: tuple[FieldBody, ...] = Field(default=(), max_length=40)
    replies: tuple[ReplyBody, ...] = Field(default=(), max_length=40)
    steps: tuple[StepBody, ...] = Field(default=(), max_length=40)


class WholeForm(FormBody):
    """A form as a template shows it."""

    service_type: Service
    version: int


class ShownForm(Input):
    """A template as it is shown, edited and handed back."""

    model_config = ConfigDict(extra="ignore")

    edit_version: Annotated[int, Field(ge=0, le=10**6)]
    form: WholeForm

    def command(self, *, by: str, at: datetime) -> SetTemplate:
        """Put it in force, if nobody changed it meanwhile."""
        return set_template(self.form.service_type, self.form, edit_version=self.edit_version, by=by, at=at)


def set_template(service_type: str, body: FormBody, *, edit_version: int, by: str, at: datetime) -> SetTemplate:
    """The command that puts ``body`` in force."""
    return SetTemplate(
        by=by,
        at=at,
        service_type=service_type,
        questions=[FormAsk(**one.model_dump()) for one in body.questions],
        fields=[FieldSpec(**{**one.model_dump(), "kind": Kind(one.kind)}) for one in body.fields],
        replies=[Reply(**one.model_dump()) for one in body.replies],
        steps=[Step(**one.model_dump()) for one in body.steps],
        edit_version=edit_version,
    )


async def find(ask: Ask) -> Page[TemplateView]:
    """The forms in force, one for each service type."""
    return Page(await forms.templates(ask.rows))


async def read(ask: Ask, service_type: Service, query: VersionQuery) -> TemplateView:
    """One form, in force or as it was."""
    return await forms.template(ask.rows, service_type, query.version)


async def put(ask: Ask, service_type: Service, edit_version: int, body: FormBody) -> TemplateView:
    """Put a new version in force; orders that are there keep theirs."""
    current = (await forms.template(ask.rows, service_type)).edit_version
    if current != edit_version:
        raise VersionStale(
            f"the form is at version {current}, you changed version {edit_version}",
            field="If-Match",
            fix="read it again and repeat the change",
        )
    command = set_template(service_type, body, edit_version=edit_version, **stamp(ask))
    return await forms.set_template(ask.rows, command)


async def replies(ask: Ask, order_id: Id) -> Page[ReplyView]:
    """The standard answers for an order, filled in with what is known of it."""
    return Page(await forms.replies(ask.rows, await orders.get_order(ask.rows, order_id)))
