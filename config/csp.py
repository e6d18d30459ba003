"""Content security policy: strict for customers, another for the admin."""

from django.conf import settings
from django.http import HttpRequest
from django.middleware.csp import ContentSecurityPolicyMiddleware
from django.urls import reverse


class PolicyByPathMiddleware(ContentSecurityPolicyMiddleware):
    """Sends ADMIN_CSP under the admin's path and SECURE_CSP elsewhere."""

    def process_response(self, request: HttpRequest, response):
        if request.path.startswith(reverse("admin:index")) and not hasattr(response, "_csp_config"):
            response._csp_config = settings.ADMIN_CSP
        return super().process_response(request, response)
