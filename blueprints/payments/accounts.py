"""From a tenant's provider account to the adapter that serves it."""

from __future__ import annotations

from blueprints.payments.interface import Adapter, ProviderAccountView
from blueprints.payments.registry import adapter
from tenants.frame import config
from tenants.provider_account_services import HOOK_TOKEN, OpenedAccount


def adapter_of(account: OpenedAccount) -> Adapter:
    """The adapter of an account's provider. Raises NoSuchProvider."""
    return adapter(account.provider, config())


def view_of(account: OpenedAccount) -> ProviderAccountView:
    """The account as adapters see it."""
    return ProviderAccountView(
        id=account.id,
        tenant_id=account.tenant_id,
        provider=account.provider,
        mode=account.mode,
        settings=account.settings,
        secrets=account.secrets,
        previous=account.previous,
    )


def notice_url(account: OpenedAccount) -> str:
    """Where the provider sends its notices: one host of the platform for all tenants."""
    return notice_address(account.provider, account.secrets[HOOK_TOKEN])


def notice_address(provider: str, token: str) -> str:
    """The same, for an account that is known by its token."""
    settings = config()
    return f"{settings.origin(settings.platform_host)}/hooks/{provider}/{token}"
