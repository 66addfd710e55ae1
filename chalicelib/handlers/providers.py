"""`/providers`."""

import re
from http import HTTPStatus

from chalice.app import Request, Response

from chalicelib.domain.errors import ProviderNotFoundError
from chalicelib.handlers.fields import PROVIDER_ID
from chalicelib.handlers.http import Router, answer, body, called_by
from chalicelib.handlers.requests import ChangeProvider, CreateProvider
from chalicelib.handlers.views import provider_view
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("POST", "/providers")(create_provider)
    router.route("GET", "/providers/{providerId}")(get_provider)
    router.route("PATCH", "/providers/{providerId}")(change_provider)


def create_provider(request: Request, services: Services) -> Response:
    """Create a provider."""
    asked = body(request, CreateProvider)
    provider = services.providers.create(
        name=asked.name,
        time_zone=asked.time_zone,
        provider_id=asked.provider_id,
        policy=asked.to_policy(),
        owner_id=called_by(request).user_id,
    )
    return answer(provider_view(provider), HTTPStatus.CREATED, location=f"/providers/{provider.provider_id}")


def get_provider(_request: Request, services: Services, **path: str) -> Response:
    """Show a provider."""
    return answer(provider_view(services.providers.get(provider_id_in(path))))


def change_provider(request: Request, services: Services, **path: str) -> Response:
    """Change a provider's name and policy."""
    asked = body(request, ChangeProvider)
    changed = services.providers.change(provider_id_in(path), name=asked.name, rules=asked.to_rules())
    return answer(provider_view(changed))


def provider_id_in(path: dict[str, str]) -> str:
    """The provider's id in the path. One that can't exist is not looked up: raises `ProviderNotFoundError`."""
    provider_id = path["providerId"]
    if not re.fullmatch(PROVIDER_ID, provider_id):
        raise ProviderNotFoundError(provider_id)
    return provider_id
