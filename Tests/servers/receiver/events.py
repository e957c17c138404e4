"""Whether what arrives is a CloudEvent, and its data what the published schemas say."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
from cloudevents.core.base import BaseCloudEvent
from cloudevents.core.bindings import http
from referencing import Registry, Resource

SCHEMAS = Path(__file__).parents[3] / "packaging/events.schema.json"


class EventSchemas:
    """Reads events with the CloudEvents SDK and holds their data to the schema that they name."""

    def __init__(self, path: Path = SCHEMAS) -> None:
        bundle: Resource[Any] = Resource.from_contents(json.loads(path.read_text()))
        self._registry: Registry[Any] = Registry().with_resource(bundle.id() or "", bundle).crawl()

    def read(self, headers: Mapping[str, str], body: bytes) -> BaseCloudEvent:
        """The event; raises what is wrong with it."""
        if headers.get("Content-Type", "").partition(";")[0] != "application/cloudevents+json":
            raise ValueError(f"Content-Type {headers.get('Content-Type')} is no structured mode")
        message = http.HTTPMessage({name.lower(): value for name, value in headers.items()}, body)
        event = http.from_http_event(message)
        name = event.get_type().removeprefix("io.signet.")
        schema = event.get_dataschema()
        if schema != f"urn:signet:schema:{name}":
            raise ValueError(f"dataschema {schema} of a {event.get_type()}")
        jsonschema.Draft202012Validator({"$ref": schema}, registry=self._registry).validate(event.get_data())
        if event.get_id().partition("-")[0] != event.get_extension("sequence"):
            raise ValueError(f"sequence {event.get_extension('sequence')} of the event {event.get_id()}")
        return event
