"""What every settings model shares (frozen, strict about keys, camelCase in YAML), and the value types."""

from __future__ import annotations

from typing import Annotated, Any, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from infra.sizing.quantities import cpu_millis, memory_bytes


class Section(BaseModel):
    """A group of settings. YAML keys are the camelCase of the field names."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    @field_validator("*", mode="before")
    @classmethod
    def _true_is_not_one(cls, value: Any, info: ValidationInfo) -> Any:
        annotation = cls.model_fields[info.field_name or ""].annotation
        if isinstance(value, bool) and int in (annotation, *get_args(annotation)):
            raise PydanticCustomError("int_type", "a number is needed")
        return value


def _cpu(text: str) -> str:
    cpu_millis(text)
    return text


def _memory(text: str) -> str:
    memory_bytes(text)
    return text


Cpu = Annotated[str, AfterValidator(_cpu)]
"""A Kubernetes CPU quantity: `250m`, `2`, `0.5`."""

Memory = Annotated[str, AfterValidator(_memory)]
"""A Kubernetes memory or storage quantity: `512Mi`, `2Gi`."""

Port = Annotated[int, Field(ge=1, le=65535)]


class ComputeResources(Section):
    """What one pod is promised and how far it may go."""

    cpu_request: Cpu = Field(description="CPU that the scheduler sets aside: `250m` is a quarter of a core.")
    cpu_limit: Cpu | None = Field(
        default=None, description="CPU above which it is throttled; absent lets it use what is idle."
    )
    memory_request: Memory = Field(description="Memory that the scheduler sets aside.")
    memory_limit: Memory = Field(description="Memory above which the kernel kills it.")
    disk_limit: Memory | None = Field(
        default=None,
        description="Local disk set aside for scratch files and logs; who needs more is evicted.",
    )

    @model_validator(mode="after")
    def _requests_are_within_limits(self) -> Self:
        if memory_bytes(self.memory_request) > memory_bytes(self.memory_limit):
            raise ValueError(
                f"memoryRequest ({self.memory_request}) is above memoryLimit ({self.memory_limit}), "
                "which Kubernetes refuses: raise the limit or lower the request"
            )
        if self.cpu_limit is not None and cpu_millis(self.cpu_request) > cpu_millis(self.cpu_limit):
            raise ValueError(
                f"cpuRequest ({self.cpu_request}) is above cpuLimit ({self.cpu_limit}), "
                "which Kubernetes refuses: raise the limit or lower the request"
            )
        return self
