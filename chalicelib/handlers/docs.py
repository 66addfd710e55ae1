"""`/openapi.json` and `/docs`: what describes this API to tools and to people.

The page is Swagger UI, which the package offapi carries, and asks nothing of any other host. Nothing is read before it
is asked for. The package is never imported: that would read all of its viewers.
"""

from importlib.metadata import distribution
from pathlib import Path
from typing import Final

from chalice.app import Request, Response

from chalicelib.handlers.http import Router
from chalicelib.services import Services

DOCUMENT: Final = "openapi.json"
"""The file beside this one that `/openapi.json` answers with."""

_PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Appointments</title>
<base href="{base}">
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui.js"></script>
</body>
</html>
"""
_START: Final = """
SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#swagger-ui",
  deepLinking: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});
"""
_POLICY: Final = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'self'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ]
)


def register(router: Router) -> None:
    """Declare the routes."""
    router.route("GET", "/openapi.json")(openapi_document)
    router.route("GET", "/docs")(docs_page)
    router.route("GET", "/docs/swagger-ui.css")(docs_style)
    router.route("GET", "/docs/swagger-ui.js")(docs_script)


def openapi_document(_request: Request, _services: Services) -> Response:
    """Show the API's description."""
    return _file(Path(__file__).with_name(DOCUMENT).read_text("utf-8"), "application/json")


def docs_page(request: Request, _services: Services) -> Response:
    """Show the page that describes the API and tries it out."""
    # All addresses are relative: before the path there may be a stage, and after it a slash.
    base = "../" if request.context["path"].endswith("/") else "./"
    return _file(_PAGE.format(base=base), "text/html; charset=utf-8", **{"Content-Security-Policy": _POLICY})


def docs_style(_request: Request, _services: Services) -> Response:
    """How the page looks."""
    return _file(_swagger_ui("swagger_style.css"), "text/css; charset=utf-8", **{"Cache-Control": "max-age=3600"})


def docs_script(_request: Request, _services: Services) -> Response:
    """What the page does: Swagger UI, and the call that starts it."""
    script = _swagger_ui("swagger_bundle.js") + _START
    return _file(script, "text/javascript; charset=utf-8", **{"Cache-Control": "max-age=3600"})


def _swagger_ui(name: str) -> str:
    return Path(str(distribution("offapi").locate_file(f"offapi/{name}"))).read_text("utf-8")


def _file(content: str, content_type: str, **headers: str) -> Response:
    return Response(content, headers={"Content-Type": content_type, "X-Content-Type-Options": "nosniff", **headers})
