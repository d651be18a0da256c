"""Floor 2: whom we serve. Tenant, host, people and rights, settings, theme, provider accounts."""
