"""The types of the structured fields that stages exchange."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

# A bound on how much one string may hold, for the small embedded models: it is put into the JSON schema that constrains
# their generation, so that they cannot run on for ever. An answer that breaks it is not refused.
ShortText = Annotated[str, Field(json_schema_extra={"maxLength": 160})]
LongText = Annotated[str, Field(json_schema_extra={"maxLength": 500})]


LITERAL = "Python literal"  # in the description of a field that holds literals as text


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True)


class Solution(_Record):
    """One way to solve the problem, in words."""

    name: ShortText = Field(description="a short name for the approach")
    content: LongText = Field(description="the steps, with the loops and data structures to use")
    why_it_works: ShortText = Field(default="", description="why it gives the right answer within the limits")
    complexity: ShortText = Field(default="", description="time and memory, as O(...)")
    labels: ShortText = Field(default="", description="the kind of algorithm, in one or two words")


class AITest(_Record):
    """A test written by the model: an input in the format of the problem and the output it claims."""

    input: LongText = Field(description="the exact text of standard input")
    output: LongText = Field(description="the exact text a right program prints")
    explanation: ShortText = Field(default="", description="what this test checks")


class CallTest(AITest):
    """A test of a function."""

    input: LongText = Field(description="the arguments of the call, as Python literals")
    output: LongText = Field(description="the value that a right function returns, as a Python literal")
