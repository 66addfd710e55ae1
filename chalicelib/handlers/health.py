"""`/health`."""

from chalice.app import Request, Response

from chalicelib.handlers import problems
from chalicelib.handlers.http import Router, answer, request_id
from chalicelib.handlers.views import HealthView, ReadinessView
from chalicelib.services import Services


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("GET", "/health")(health)
    router.route("GET", "/health/ready")(ready)


def health(_request: Request, _services: Services) -> Response:
    """Say that the process is up."""
    return answer(HealthView(status="ok"))


def ready(request: Request, services: Services) -> Response:
    """Say whether table and queue answer."""
    answers = services.readiness.check()
    checks = {name: "ok" if ok else "unavailable" for name, ok in answers.items()}
    silent = [name for name, ok in answers.items() if not ok]
    if not silent:
        return answer(ReadinessView(status="ready", checks=checks))
    detail = f"No answer from: {', '.join(silent)}."
    return problems.response(
        problems.SERVICE_UNAVAILABLE, detail, request_id=request_id(request), members={"checks": checks}
    )
